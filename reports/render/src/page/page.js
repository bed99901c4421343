'use strict';
(() => {
  // What need not be scrolled is no place for the keyboard to stop.
  const scrollers = [...document.querySelectorAll('.scroll[tabindex]')];
  const settle = () => scrollers.forEach((one) => { one.tabIndex = one.scrollWidth > one.clientWidth ? 0 : -1; });
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
