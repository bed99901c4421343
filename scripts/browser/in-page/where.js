// Runs inside the page: names an element so that it can be found in the source.
globalThis.see = {};

/// The nearest id above the element, its tag and class, and how its text begins.
see.where = (element) => {
  const anchor = element.closest('[id]');
  const name = element.id ? `#${element.id}` : element.tagName.toLowerCase() + (element.classList[0] ? `.${element.classList[0]}` : '');
  const above = anchor && anchor !== element ? `#${anchor.id} ` : '';
  const text = element.textContent.trim().replace(/\s+/g, ' ');
  const excerpt = text.length > 40 ? `${text.slice(0, 39)}…` : text;
  return `${above}${name}${excerpt ? ` "${excerpt}"` : ''}`;
};

see.shown = (element) => element.checkVisibility({ opacityProperty: true, visibilityProperty: true });

/// Links that open connections without a request.
see.preconnections = () =>
  [...document.querySelectorAll('link[rel~=preconnect],link[rel~=dns-prefetch]')].map((link) => `request: ${link.rel} ${link.href}`);
