// Runs inside the page: what can be chosen without a script shows something, and one thing at a time.

/// Sets of radio buttons, each with what they show.
see.CHOICES = [['#pick', '.k'], ['#map', 'table.map']];

see.choices = () =>
  see.CHOICES.flatMap(([within, shown]) => {
    const part = document.querySelector(within);
    if (!part) return [];
    if (!see.shown(part)) return [`choice: ${within} is not shown without a script`];
    const names = [...new Set([...part.querySelectorAll('input[type=radio]')].map((input) => input.name))];
    return see.combinations(names.map((name) => [...part.querySelectorAll(`input[name="${name}"]`)])).flatMap((chosen) => {
      chosen.forEach((input) => { input.checked = true; });
      const found = [...part.querySelectorAll(shown)].filter(see.shown).length;
      return found === 1 ? [] : [`choice: ${chosen.map(({ id }) => id).join(' and ')} in ${within} show ${found} of ${shown}, expected 1`];
    });
  });

see.combinations = (sets) => sets.reduce((all, set) => all.flatMap((one) => set.map((input) => [...one, input])), [[]]);
