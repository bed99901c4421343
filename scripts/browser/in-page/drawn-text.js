// Runs inside the page: text within an SVG, which the browser neither wraps nor moves and axe-core does not look at.

/// Below this, in pixels on the screen, a label is decoration.
see.LEGIBLE = 9;

see.drawnText = () =>
  [...document.querySelectorAll('svg')]
    .filter((svg) => !svg.parentElement.closest('svg') && see.shown(svg))
    .flatMap((svg) => {
      const labels = see.labels(svg);
      return [...see.outside(svg, labels), ...see.overlaps(labels), ...see.illegible(labels), ...see.faint(svg, labels)];
    });

/// Every line of text that shows, with the corners of its box on the screen and the size of its type there.
see.labels = (svg) =>
  [...svg.querySelectorAll('text, tspan')]
    .filter((one) => !one.querySelector('tspan') && !one.closest('defs') && one.textContent.trim() && see.shown(one))
    .map((text) => {
      const { x, y, width, height } = text.getBBox();
      const matrix = text.getScreenCTM();
      const point = (across, down) => new DOMPoint(x + width * across, y + height * down).matrixTransform(matrix);
      const size = parseFloat(getComputedStyle(text).fontSize) * Math.sqrt(Math.abs(matrix.a * matrix.d - matrix.b * matrix.c));
      return { text, point, size };
    });

see.outside = (svg, labels) => {
  const { left, top, right, bottom } = svg.getBoundingClientRect();
  return labels.flatMap(({ text, point }) => {
    const corners = see.ink(point);
    const by = Math.max(...corners.map(({ x, y }) => Math.max(left - x, x - right, top - y, y - bottom)));
    return by > see.SLACK ? [`svg-text: ${see.where(text)} is ${by.toFixed(1)} px outside its drawing`] : [];
  });
};

see.overlaps = (labels) => {
  const inks = labels.map(({ point }) => see.ink(point));
  return labels.flatMap((one, index) =>
    labels.slice(index + 1).flatMap((other, offset) =>
      see.intersect(inks[index], inks[index + 1 + offset]) ? [`svg-text: ${see.where(one.text)} overlaps ${see.where(other.text)}`] : []));
};

see.illegible = (labels) =>
  matchMedia('print').matches
    ? []
    : labels.filter(({ size }) => size < see.LEGIBLE).map(({ text, size }) => `svg-text: ${see.where(text)} is ${size.toFixed(1)} px high`);

/// Text that stands out too little from what is painted below either end or its middle.
see.faint = (svg, labels) => {
  const shapes = [...svg.querySelectorAll('rect, circle, ellipse, path, polygon, polyline')].filter((one) => !one.closest('defs') && see.shown(one));
  const boxes = new Map(shapes.map((shape) => [shape, shape.getBoundingClientRect()]));
  const ground = see.ground(svg);
  return labels.flatMap(({ text, point, size }) => {
    const enough = size >= 24 || (size >= 18.66 && getComputedStyle(text).fontWeight >= 700) ? 3 : 4.5;
    const below = shapes.filter((shape) => shape.compareDocumentPosition(text) & Node.DOCUMENT_POSITION_FOLLOWING);
    const ratios = [0.02, 0.5, 0.98].map((across) => {
      const at = point(across, 0.5);
      const painted = below
        .filter((shape) => see.covers(shape, boxes.get(shape), at))
        .reduce((under, shape) => see.over(see.fill(shape, svg), under), ground);
      return see.contrast(see.over(see.fill(text, svg), painted), painted);
    });
    const least = Math.min(...ratios);
    return least < enough ? [`svg-contrast: ${see.where(text)} has a contrast of ${least.toFixed(2)}, expected ${enough}`] : [];
  });
};

see.covers = (shape, { left, top, right, bottom }, at) =>
  at.x >= left && at.x <= right && at.y >= top && at.y <= bottom && shape.isPointInFill(at.matrixTransform(shape.getScreenCTM().inverse()));

/// The colour an element is filled with. A gradient or pattern has none: it counts as not there.
see.fill = (element, svg) => {
  const { fill, fillOpacity } = getComputedStyle(element);
  if (fill === 'none' || fill.startsWith('url(')) return [0, 0, 0, 0];
  const [red, green, blue, alpha] = see.rgba(fill);
  let opacity = alpha * fillOpacity;
  for (let one = element; one !== svg; one = one.parentElement) opacity *= getComputedStyle(one).opacity;
  return [red, green, blue, opacity];
};

/// The corners of what is inked of a line of text: its box less most of what is kept for accents and descenders.
see.ink = (point) => [point(0, 0.2), point(1, 0.2), point(1, 0.85), point(0, 0.85)];

/// Whether two convex shapes share an area: no edge of either separates them.
see.intersect = (one, other) =>
  [one, other].every((corners) =>
    corners.every((from, index) => {
      const to = corners[(index + 1) % corners.length];
      const along = ({ x, y }) => x * (to.y - from.y) - y * (to.x - from.x);
      const [mine, theirs] = [one.map(along), other.map(along)];
      const slack = 0.5 * Math.hypot(to.x - from.x, to.y - from.y);
      return Math.max(...mine) > Math.min(...theirs) + slack && Math.max(...theirs) > Math.min(...mine) + slack;
    }));
