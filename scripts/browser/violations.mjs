// What axe-core finds against WCAG 2.2, levels A and AA, and against best practice.
const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

export async function violations(page) {
  // Preloading would fetch what the page refers to.
  // What scrolls is held to what keys do, in `keyboard.mjs`: axe knows `tabindex` alone, browsers let the keyboard in without.
  const rules = { 'scrollable-region-focusable': { enabled: false } };
  const options = { runOnly: TAGS, rules, preload: false, resultTypes: ['violations'] };
  const found = await page.evaluate(async (options) => (await axe.run(document, options)).violations, options);
  return found.flatMap(({ id, nodes, help }) =>
    nodes.map((node) => {
      const reasons = [...node.any, ...node.all, ...node.none].map((check) => check.message).join('; ');
      return `${id}: ${node.target.join(' ')}: ${reasons || help}`;
    }));
}
