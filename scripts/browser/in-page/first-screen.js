// Runs inside the page: the first screen of a run holds the answer, what the run can see, the picker's fields, one map and its legend.

see.FIRST = ['#answer', '#sight', '#case-form', '#pick', 'table.map', '.legend'];

/// Nothing on a page that has no such screen.
see.firstScreen = () =>
  [...document.querySelectorAll('.first')]
    .flatMap((screen) => [...screen.querySelectorAll(see.FIRST.join(','))])
    .filter(see.shown)
    .flatMap((part) => {
      const below = Math.max(...see.boxes(part).map((box) => box.bottom)) - innerHeight;
      return below > see.SLACK ? [`first-screen: ${see.where(part)} ends ${Math.ceil(below)} px below the first screen`] : [];
    });

/// Where an element is, or, of one without a box of its own, its children.
see.boxes = (part) =>
  (getComputedStyle(part).display === 'contents' ? [...part.children] : [part]).map((one) => one.getBoundingClientRect());
