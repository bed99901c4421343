// Runs inside the page: where the keyboard stands, and whether that is a place to stand.

/// An element that a key press reached: its name, and what is wrong with it as a stop; nothing for the document itself.
see.stop = () => {
  const element = document.activeElement;
  if (!element || element === document.body) return undefined;
  see.stops ??= new Map();
  const isNew = !see.stops.has(element);
  if (isNew) see.stops.set(element, see.stops.size);
  return { where: see.where(element), isNew, wrong: isNew ? see.deadness(element) : undefined };
};

/// Why an element should not be stopped at: it does nothing, scrolls nothing, cannot be seen, or has no ring.
see.deadness = (element) => {
  if (!see.shown(element) && !see.shown(element.parentElement)) return 'is not shown';
  const isActive = element.matches('a[href], button, input, select, textarea, summary, [popover]');
  const scrolls = element.scrollWidth > element.clientWidth + see.SLACK || element.scrollHeight > element.clientHeight + see.SLACK;
  if (!isActive && !scrolls) return 'does nothing and scrolls nothing';
  const rings = [element, element.nextElementSibling].filter(Boolean).map((one) => getComputedStyle(one));
  return rings.some(({ outlineStyle, outlineWidth }) => outlineStyle !== 'none' && parseFloat(outlineWidth) > 0) ? undefined : 'has no visible focus';
};

/// What scrolls and is shown, and no key led to it or into it.
see.unreached = () => {
  const reached = [...(see.stops?.keys() ?? [])];
  return [...document.body.querySelectorAll('*')]
    .filter((one) => ['auto', 'scroll'].includes(getComputedStyle(one).overflowX) && one.scrollWidth > one.clientWidth + see.SLACK && see.shown(one))
    .filter((one) => !reached.some((stop) => one.contains(stop)))
    .map((one) => `unreached: ${see.where(one)} scrolls, and no key leads to it`);
};
