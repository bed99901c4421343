// The ways in which a page is met.
//
// Where `scripts` is false the page's own scripts do not run; where `keyboard` is set it is gone through by keys alone, and where
// `unfolded` is set with all that folds open.
// Where `fold` is set, the first screen has to hold the answer. `first` and `whole` are pictures of the first screen and of all; `paper` is what the printer gets.
const DESKTOP = { width: 1280, height: 720 };
const PHONE = { width: 390, height: 844 };
// A4 less margins of 12 mm, at CSS's 96 pixels an inch.
const MARGIN = '12mm';
const SHEET = { width: 703, height: 1032 };

export const VIEWS = [
  { name: 'light', viewport: DESKTOP, media: 'screen', colorScheme: 'light', first: 'first-screen.png', whole: 'light.png', fold: true },
  { name: 'dark', viewport: DESKTOP, media: 'screen', colorScheme: 'dark', whole: 'dark.png' },
  { name: 'phone', viewport: PHONE, media: 'screen', colorScheme: 'light', touch: true, whole: 'phone.png' },
  { name: 'no script', viewport: DESKTOP, media: 'screen', colorScheme: 'light', scripts: false, first: 'no-script.png' },
  { name: 'keyboard', viewport: DESKTOP, media: 'screen', colorScheme: 'light', keyboard: true },
  { name: 'narrow, by keys, no script', viewport: PHONE, media: 'screen', colorScheme: 'light', scripts: false, keyboard: true, unfolded: true },
  { name: 'print', viewport: SHEET, media: 'print', colorScheme: 'light', paper: 'print.pdf', margin: MARGIN },
];
