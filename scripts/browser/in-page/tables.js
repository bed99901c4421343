// Runs inside the page: tables say what they show, and pictures are not left to guess.

see.tables = () =>
  [...document.querySelectorAll('table')]
    .filter((table) => !['none', 'presentation'].includes(table.getAttribute('role')))
    .filter((table) => !table.caption?.textContent.trim() && !table.ariaLabel && !table.hasAttribute('aria-labelledby'))
    .map((table) => `table-caption: ${see.where(table)} has neither a caption nor a label`);
