'use strict';
(() => {
  // Most browsers let the keyboard into what scrolls, and this lets it in those that do not. What need not be scrolled is not a place
  // to stop.
  const scrollers = [...document.querySelectorAll('.scroll')];
  const settle = () => scrollers.forEach((one) => {
    if (one.scrollWidth > one.clientWidth) one.tabIndex = 0;
    else one.removeAttribute('tabindex');
  });
  addEventListener('resize', settle);
  document.addEventListener('toggle', settle, true);
  settle();

  // A drawing is written out when it is asked for: a second copy of each would be a third of the page.
  document.querySelectorAll('.take').forEach((one) => {
    const link = one.querySelector('a');
    link.addEventListener('click', () => {
      const drawing = one.parentElement.querySelector('svg').cloneNode(true);
      drawing.setAttribute('font-family', 'sans-serif');
      drawing.setAttribute('style', 'background:#fff');
      link.href = `data:image/svg+xml,${encodeURIComponent(new XMLSerializer().serializeToString(drawing))}`;
    });
    one.hidden = false;
  });
})();
