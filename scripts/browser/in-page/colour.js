// Runs inside the page: colours as numbers, and how far they stand apart.

/// Red, green and blue from 0 to 255 and opacity from 0 to 1, whatever the notation: what the browser would paint.
see.rgba = (() => {
  const canvas = document.createElement('canvas');
  canvas.width = canvas.height = 1;
  const context = canvas.getContext('2d', { willReadFrequently: true });
  const known = new Map();
  return (colour) => {
    if (!known.has(colour)) {
      context.clearRect(0, 0, 1, 1);
      context.fillStyle = colour;
      context.fillRect(0, 0, 1, 1);
      const [red, green, blue, alpha] = context.getImageData(0, 0, 1, 1).data;
      known.set(colour, [red, green, blue, alpha / 255]);
    }
    return known.get(colour);
  };
})();

/// `above` painted over the opaque `below`.
see.over = (above, below) => [0, 1, 2].map((channel) => above[channel] * above[3] + below[channel] * (1 - above[3])).concat(1);

/// Contrast ratio, WCAG 2.2 §1.4.3.
see.contrast = (one, other) => {
  const luminance = (colour) => {
    const [red, green, blue] = colour.slice(0, 3).map((channel) => {
      const share = channel / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const [darker, lighter] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (lighter + 0.05) / (darker + 0.05);
};

/// What an element stands on: the backgrounds of its ancestors over the browser's own.
see.ground = (element) => {
  const dark = getComputedStyle(document.documentElement).colorScheme.includes('dark') && matchMedia('(prefers-color-scheme: dark)').matches;
  const layers = [];
  for (let one = element; one; one = one.parentElement) layers.unshift(see.rgba(getComputedStyle(one).backgroundColor));
  return layers.reduce((below, above) => see.over(above, below), dark ? [18, 18, 18, 1] : [255, 255, 255, 1]);
};
