'use strict';
(() => {
  const data = JSON.parse(document.getElementById('case-data').textContent);
  const form = document.getElementById('case-form');
  const said = document.getElementById('case-said');
  const factor = (one, other, offset) => Math.abs(Math.log((one + offset) / (other + offset)));
  const point = ([cell, connections, wait, cpu, saturated, levels, memory]) => ({ cell, connections, wait, cpu, saturated, levels, memory });
  const far = (at, of) => 2 * factor(at.connections, of.connections, 0) + factor(at.wait, of.wait, 0.05) + 0.25 * factor(at.cpu, of.cpu, 0.02);
  const least = (all, of) => all.reduce((best, one) => (best === null || of(one) < of(best) ? one : best), null);

  // On the line through the fewest and the most connections that were measured, each the mean over its cells.
  function memoryOf(points, connections) {
    const known = points.filter((one) => one.memory !== null);
    const places = known.map((one) => one.connections);
    const [fewest, most] = [Math.min(...places), Math.max(...places)];
    if (!(most > fewest)) return null;
    const mean = (place) => {
      const there = known.filter((one) => one.connections === place);
      return there.reduce((sum, one) => sum + one.memory, 0) / there.length;
    };
    const [low, high] = [mean(fewest), mean(most)];
    return Math.max(0, low + ((high - low) * (connections - fewest)) / (most - fewest));
  }

  // As analysis::arithmetic has it; a test holds both to the same answers.
  function forecast(of, name) {
    const points = data.costs[name].map(point);
    const near = least(points, (one) => far(one, of));
    if (!near) return null;
    const cost = of.cpu * 1e3 + near.saturated;
    const waiting = of.connections / (of.wait / 1e3 + cost / 1e6);
    const computing = of.cores / (cost / 1e6);
    const found = { cell: near.cell, cost, waiting, computing, limit: Math.min(waiting, computing), isBound: waiting < computing, memory: memoryOf(points, of.connections), at: null };
    if (of.rate) {
      const levels = points.flatMap((one) => one.levels.map(([level, rate, cpu, time]) => ({ at: one, level, rate, cpu, time })));
      const level = least(levels, (one) => far(one.at, of) + 2 * Math.abs(Math.log(one.rate / of.rate)));
      if (level) {
        const each = of.cpu * 1e3 + level.cpu;
        found.at = { cell: level.at.cell, level: level.level, cost: each, cores: (of.rate * each) / 1e6, time: level.time };
      }
    }
    return found;
  }

  // The side that a measured cell was decided for: -1 the one that blocks, 1 the one that awaits, 0 none.
  const lead = (pair, cell, question) => data.cells[cell]?.verdicts[pair.kind]?.leads[question] ?? 0;

  function conclusion(of, pair, both) {
    const busy = (one) => (one.at ? one.at.cores : (of.rate * one.cost) / 1e6) / of.cores;
    const above = (one) => of.rate && of.rate > one.limit;
    if (of.rate && both.every((one) => busy(one) < 0.1) && !both.some(above)) return 'either_idle';
    if (both.every(above)) return 'neither_keeps_up';
    const ratio = both[1].limit / both[0].limit;
    if (Math.max(ratio, 1 / ratio) >= 1.1) {
      const side = ratio > 1 ? 1 : -1;
      if (both.some((one) => lead(pair, one.cell, 0) !== side)) return 'open';
      return ratio > 1 ? 'async_serves_more' : 'sync_serves_more';
    }
    if (both.every((one) => one.isBound)) return 'either_waits';
    return both.every((one) => of.cpu * 1e3 > one.cost / 2) ? 'either_computes' : 'either_alike';
  }

  // Which side costs less at the case's rate: -1 the one that blocks, 1 the one that awaits, 0 where they cost alike.
  function saving(pair, both) {
    if (both.some((one) => !one.at)) return null;
    const [one, other] = both.map(({ at }) => at);
    const side = one.cost < other.cost ? -1 : 1;
    const [low, high] = side < 0 ? [one, other] : [other, one];
    return {
      cheaper: high.cost >= 1.1 * low.cost ? side : 0,
      share: 1 - low.cost / high.cost,
      cores: high.cores - low.cores,
      isConfirmed: both.every(({ at }) => lead(pair, at.cell, 1 + at.level) === side),
    };
  }

  const digits = (value) => Number(value.toPrecision(3)).toLocaleString('en');
  // What was typed, and what is counted, as it is: 1,024 connections are not 1,020.
  const exact = (value) => value.toLocaleString('en', { maximumFractionDigits: 6 });
  const micros = (value) => (value >= 999.5 ? `${digits(value / 1e3)} ms` : `${digits(value)} µs`);
  const mebibytes = (value) => (value >= 1000 ? `${digits(value / 1024)} GiB` : value < 1 ? `${digits(value * 1024)} KiB` : `${digits(value)} MiB`);
  const percent = (share) => {
    const value = share * 100;
    return `${value >= 9.95 ? value.toFixed(0) : value >= 0.995 ? value.toFixed(1) : value >= 0.005 ? value.toFixed(2) : 'below 0.01'}\u00a0%`;
  };
  const share = (cores) => (cores < 1 ? `${percent(cores)} of a core` : `${cores.toPrecision(3)} cores`);
  const used = (one, other) => (Math.max(one, other) < 1 ? `${percent(one)} and ${percent(other)} of a core` : `${share(one)} and ${share(other)}`);
  const capital = (text) => text[0].toUpperCase() + text.slice(1);

  // As analysis::arithmetic::headline has it, word for word.
  function headline(of, pair, both, found) {
    const rate = of.rate ? exact(of.rate) : '';
    const keepsUp = both.map((one) => of.rate <= one.limit);
    const save = saving(pair, both);
    if (of.rate && keepsUp.every(Boolean) && save) return atRate(pair, save, rate, found);
    if (of.rate && !keepsUp.every(Boolean) && found !== 'neither_keeps_up') return pastOne(pair, both, found);
    const ratio = both[1].limit / both[0].limit;
    const more = (alone) => {
      const size = Math.max(ratio, 1 / ratio);
      const by = size >= 2 ? `${size.toFixed(1)} times as many` : `${((size - 1) * 100).toFixed(0)}\u00a0% more`;
      return `${capital(pair.names[ratio > 1 ? 1 : 0])} can serve ${by} requests${alone}.`;
    };
    return {
      either_idle: () => `Either. ${rate} requests a second keep a server less than a tenth busy.`,
      either_waits: () => 'Either. Your connections and their waiting are the limit.',
      either_computes: () => `Either. Your own ${exact(of.cpu)} ms of CPU is the limit.`,
      either_alike: () => 'Either. Both can serve about the same.',
      neither_keeps_up: () => `Neither. ${rate} requests a second are more than either can serve.`,
      open: () => more(', by arithmetic alone'),
      sync_serves_more: () => more(''),
      async_serves_more: () => more(''),
    }[found]();
  }

  function atRate(pair, { cheaper, share: part, cores, isConfirmed }, rate, found) {
    const isIdle = found === 'either_idle';
    if (!cheaper) {
      return isIdle ? `Either. Both cost about the same, and ${rate} requests a second keep a server less than a tenth busy.`
        : `Either. Both can serve ${rate} requests a second, at about the same cost.`;
    }
    const name = pair.names[cheaper > 0 ? 1 : 0];
    const matters = isIdle || cores < 0.01 ? 'It hardly matters.' : 'Both can serve this rate.';
    return `Cheaper with ${name}${isConfirmed ? '' : ', by arithmetic alone'}: ${percent(part)} less CPU a request, ${share(cores)} in all. ${matters}`;
  }

  function pastOne(pair, both, found) {
    const limits = both.map((one) => one.limit);
    const winner = limits[1] > limits[0] ? 1 : 0;
    const lower = digits(limits[1 - winner]);
    if (found.startsWith('either')) return `Too close to call. Both end at about ${lower} requests a second.`;
    return `Only ${pair.names[winner]} can serve this rate${found === 'open' ? ', by arithmetic alone' : ''}. ` +
      `The most with ${pair.names[1 - winner]} is about ${lower} requests a second.`;
  }

  // What the cost of a request comes to at the case's rate.
  function costs(of, pair, [sync, awaiting]) {
    const [a, b] = pair.names;
    const lines = [`At ${exact(of.rate)} a second a request costs ${micros(sync.at.cost)} of CPU with ${a} and ${micros(awaiting.at.cost)} with ${b}: ` +
      `${used(sync.at.cores, awaiting.at.cores)}.`];
    const { cheaper, isConfirmed } = saving(pair, [sync, awaiting]);
    if (cheaper && !isConfirmed) lines.push('The nearest measured combination does not confirm which costs less.');
    if (sync.at.time !== null && awaiting.at.time !== null) {
      lines.push(`Beyond its own wait and CPU a typical request takes ${micros(sync.at.time)} with ${a} and ${micros(awaiting.at.time)} with ${b}.`);
    }
    return lines;
  }

  // What the case's connections take of memory; nothing where the run does not tell.
  function memory(of, pair, both) {
    if (both.some((one) => one.memory === null)) return [];
    const [a, b] = pair.names;
    const connections = of.connections === 1 ? 'one connection' : `${exact(of.connections)} connections`;
    return [`With ${connections} open the whole server holds about ${mebibytes(both[0].memory)} of memory with ${a} and ${mebibytes(both[1].memory)} with ${b}.`];
  }

  function limits(of, pair, [sync, awaiting], found) {
    const [a, b] = pair.names;
    const server = of.cores === 1 ? 'One core' : `${of.cores} cores`;
    const waiting = digits(Math.min(sync.waiting, awaiting.waiting));
    const computing = `${digits(sync.computing)} and ${digits(awaiting.computing)}`;
    const bound = [sync, awaiting].filter((one) => one.isBound).length;
    const why = [
      `The CPU is the limit: the connections would allow ${waiting}.`,
      `The connections would allow ${waiting}, the CPU ${computing}.`,
      `The connections are the limit: the CPU would allow ${computing}.`,
    ][bound];
    const open = found === 'open' ? ' The nearest measured combination does not confirm which serves more.' : '';
    return `${server} can serve about ${digits(sync.limit)} requests a second with ${a} and ${digits(awaiting.limit)} with ${b}. ${why}${open}`;
  }

  // The parts of a case that lie outside what was measured.
  function outside(of, pair) {
    return pair.ranges.filter(([key, , lowest, highest]) => of[key] < lowest / 1.001 || of[key] > highest * 1.001)
      .map(([key, what, lowest, highest]) => {
        const ends = [lowest, highest].map(key === 'connections' ? exact : digits);
        const unit = key === 'connections' && of[key] === 1 ? 'connection' : what;
        return `${exact(of[key])} ${unit} (measured: ${ends.join(' to ')})`;
      });
  }

  function sentences(of, pair, both, found, beyond) {
    const hasCosts = both.every((one) => one.at);
    const held = memory(of, pair, both);
    const lines = hasCosts ? [...costs(of, pair, both), ...held, limits(of, pair, both, found)] : [limits(of, pair, both, found), ...held];
    if (beyond.length) lines.push(`Outside what was measured: ${beyond.join('; ')}.`);
    if (pair.fit) lines.push(pair.fit);
    return lines;
  }

  function nearest(of, pair, both) {
    const points = data.costs[pair.sync].map(point);
    const close = [...points].sort((one, other) => far(one, of) - far(other, of)).slice(0, both[0].at ? 2 : 3);
    const rows = close.map((one) => [data.cells[one.cell], 0]);
    const at = both[0].at;
    if (at) rows.unshift([data.cells[at.cell], 1 + at.level]);
    return rows.map(([cell, question]) => {
      const found = cell.verdicts[pair.kind];
      const item = document.createElement('li');
      const link = document.createElement('a');
      link.href = `#${found.anchor}`;
      link.textContent = cell.name;
      item.append(link, question ? ` at ${cell.levels[question - 1]}, cost: ${found.said[question]}` : `, capacity: ${found.said[0]}`);
      return item;
    });
  }

  function show() {
    const value = (name) => form.elements[name].value.trim();
    const of = { connections: Number(value('n')), wait: Number(value('w')), cpu: Number(value('c')), rate: Number(value('r')) || null, cores: data.cores };
    const pair = data.pairs[Number(form.elements.pair ? value('pair') : 0)];
    const isSound = of.connections >= 1 && of.wait >= 0 && of.cpu >= 0 && [of.connections, of.wait, of.cpu].every(Number.isFinite) && (of.rate === null || of.rate > 0);
    const both = isSound ? [forecast(of, pair.sync), forecast(of, pair.async)] : [null, null];
    said.hidden = false;
    if (both.includes(null)) {
      said.querySelector('b').textContent = isSound ? 'Nothing comparable was measured.' : 'Enter numbers: at least one connection, no time below 0.';
      said.querySelector('.tag').textContent = 'arithmetic';
      said.querySelector('div').replaceChildren();
      said.querySelector('ul').replaceChildren();
      return;
    }
    const [found, beyond] = [conclusion(of, pair, both), outside(of, pair)];
    said.dataset.conclusion = found;
    said.dataset.limits = both.map((one) => one.limit.toPrecision(4)).join(' ');
    said.dataset.memory = both.map((one) => (one.memory === null ? '-' : one.memory.toPrecision(4))).join(' ');
    said.dataset.costs = both.map((one) => (one.at ? one.at.cost.toPrecision(4) : '-')).join(' ');
    said.querySelector('b').textContent = headline(of, pair, both, found);
    said.querySelector('.tag').textContent = beyond.length ? 'arithmetic, outside what was measured' : 'arithmetic';
    said.querySelector('div').replaceChildren(...sentences(of, pair, both, found, beyond).map((line) => {
      const paragraph = document.createElement('p');
      paragraph.textContent = line;
      return paragraph;
    }));
    said.querySelector('ul').replaceChildren(...nearest(of, pair, both));
  }

  const FIELDS = ['n', 'w', 'c', 'r'];
  const keep = () => {
    const pair = form.elements.pair ? form.elements.pair.value : '0';
    history.replaceState(null, '', `#case=${FIELDS.map((name) => form.elements[name].value).join(',')},${pair}`);
  };
  const take = (text) => {
    const values = text.split(',');
    FIELDS.forEach((name, index) => { form.elements[name].value = values[index] ?? ''; });
    if (form.elements.pair && data.pairs[Number(values[4])]) form.elements.pair.value = values[4];
    show();
  };
  const follow = () => {
    const hash = decodeURIComponent(location.hash);
    if (hash.startsWith('#case=')) take(hash.slice(6));
  };
  form.addEventListener('input', () => { show(); keep(); });
  form.addEventListener('submit', (event) => event.preventDefault());
  form.querySelectorAll('button[data-case]').forEach((button) => button.addEventListener('click', () => { take(`${button.dataset.case},${form.elements.pair ? form.elements.pair.value : 0}`); keep(); }));
  addEventListener('hashchange', follow);

  form.hidden = false;
  document.getElementById('pick').hidden = true;
  show();
  follow();
})();
