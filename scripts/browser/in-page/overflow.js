// Runs inside the page: what sticks out, and what is cut off.

/// Rounding of layouts to whole pixels.
see.SLACK = 1;

see.overflow = () => {
  const wide = document.documentElement.clientWidth;
  const complaints = [];
  const excess = document.scrollingElement.scrollWidth - wide;
  if (excess > see.SLACK) complaints.push(`overflow: the document is ${excess} px wider than the ${wide} px there are`);
  const boxes = [...document.body.querySelectorAll('*')].filter((one) => !one.closest('svg *') && see.shown(one));
  const sticking = boxes.filter((one) => see.sticksOut(one, wide));
  // The outermost box that sticks out is the table, not its cells; the innermost that is too small, not all around it.
  const outermost = sticking.filter((one) => !sticking.some((other) => other !== one && other.contains(one)));
  const small = new Map(boxes.map((one) => [one, see.tooSmall(one)]).filter(([, reason]) => reason));
  const innermost = [...small.keys()].filter((one) => ![...small.keys(), ...sticking].some((other) => other !== one && one.contains(other)));
  return [
    ...complaints,
    ...outermost.map((one) => `overflow: ${see.where(one)} ${see.reach(one, wide)}`),
    ...innermost.map((one) => `overflow: ${see.where(one)} ${small.get(one)}`),
  ];
};

/// Whether `element` leaves the viewport where nothing scrolls.
see.sticksOut = (element, wide) => {
  const { left, right } = element.getBoundingClientRect();
  return (right > wide + see.SLACK || left < -see.SLACK) && !see.scroller(element.parentElement);
};

see.reach = (element, wide) => {
  const { left, right } = element.getBoundingClientRect();
  return `reaches from ${Math.round(left)} to ${Math.round(right)} px of ${wide}`;
};

/// How `element` is too small for what it holds; undefined when it is not.
see.tooSmall = (element) => {
  const { overflowX, overflowY, display } = getComputedStyle(element);
  // Inline boxes have no inside; boxes of a pixel are for screen readers only.
  if (display === 'inline' || element.clientWidth <= 1 || element.clientHeight <= 1) return undefined;
  const across = element.scrollWidth - element.clientWidth;
  const down = element.scrollHeight - element.clientHeight;
  const cuts = (overflow) => overflow === 'hidden' || overflow === 'clip';
  if (across > see.SLACK && cuts(overflowX)) return `cuts off ${across} px of its width`;
  if (down > see.SLACK && cuts(overflowY)) return `cuts off ${down} px of its height`;
  if (across > see.SLACK && overflowX === 'visible' && !see.scroller(element)) return `holds something ${across} px wider than itself`;
  // Nobody scrolls paper.
  if (across > see.SLACK && matchMedia('print').matches) return `would have to be scrolled on paper by ${across} px`;
  return undefined;
};

/// The nearest element above that scrolls sideways, apart from the document.
see.scroller = (element) => {
  for (let one = element; one && one !== document.body; one = one.parentElement) {
    if (['auto', 'scroll'].includes(getComputedStyle(one).overflowX)) return one;
  }
  return undefined;
};
