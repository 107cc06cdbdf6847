// Line icons on a 24 x 24 grid, drawn for this project. They always stand beside words.
import {html} from "./html.js";

const paths = {
  globe: "M12 3a9 9 0 1 0 0 18a9 9 0 1 0 0-18M3.5 9h17M3.5 15h17M12 3c-5 5-5 13 0 18c5-5 5-13 0-18",
  text: "M3 19L8 6l5 13M4.8 15h6.4M14 19l3.5-9l3.5 9M15.2 16.4h4.6",
  contrast: "M12 3a9 9 0 1 0 0 18a9 9 0 1 0 0-18M12 3v18M12 7h6.5M12 11h9M12 15h8.4M12 19h5",
  lower: "M12 4v12M6.5 11l5.5 5.5L17.5 11M4 20.5h16",
  help: "M4 5h16v11H11l-4.5 4V16H4zM9.6 9.2c0-3.2 5-3.2 5 0c0 1.8-2.5 1.8-2.5 3.2M12.1 14.2v.1",
  next: "M5 12h14M13 6l6 6l-6 6",
  back: "M19 12H5M11 6l-6 6l6 6",
  down: "M5 9l7 7l7-7",
  up: "M5 15l7-7l7 7",
  close: "M6 6l12 12M18 6L6 18",
  check: "M4.5 12.5l5 5L19.5 7",
  clock: "M12 3a9 9 0 1 0 0 18a9 9 0 1 0 0-18M12 7v5.5l3.5 2",
  id: "M3 5.5h18v13H3zM6 15.5c0-3 5-3 5 0M8.5 9.2a1.6 1.6 0 1 0 0 3.2a1.6 1.6 0 1 0 0-3.2M14 10h4M14 13.5h4",
  pen: "M4 20l1-4.5L16.5 4L20 7.5L8.5 19zM14 6.5l3.5 3.5",
  warn: "M12 4L21 20H3zM12 10v4.5M12 17.2v.1",
  info: "M12 3a9 9 0 1 0 0 18a9 9 0 1 0 0-18M12 11v5.5M12 7.6v.1",
  print: "M7 9V4h10v5M7 17H4V9h16v8h-3M7 14h10v6H7z",
  shift: "M12 4l7.5 8H15.500v7h-7v-7H4.500z",
  erase: "M8 5h13v14H8l-5.500-7zM11.500 9l6 6M17.500 9l-6 6",
  car: "M3 16.500v-4l2-1l2-4.500h9l3 4.500l2 1v4M3 16.500h18M7 14.500a2 2 0 1 0 0 4a2 2 0 1 0 0-4" +
    "M17 14.500a2 2 0 1 0 0 4a2 2 0 1 0 0-4M6 11.500h12",
  paper: "M6 3h9l4 4v14H6zM15 3v4h4M9 12h7M9 15.500h7",
  person: "M12 4a4 4 0 1 0 0 8a4 4 0 1 0 0-8M4.500 20.500c0-8 15-8 15 0",
  eye: "M2.500 12q9.500-12 19 0q-9.500 12-19 0M12 9.300a2.700 2.700 0 1 0 0 5.400a2.700 2.700 0 1 0 0-5.400",
  turn: "M19.500 12a7.500 7.500 0 1 1-2.500-5.600M17.500 2.500v4.500H13",
  again: "M4.500 12a7.500 7.500 0 0 1 13-5M18 3v4.500h-4.500M19.500 12a7.500 7.500 0 0 1-13 5M6 21v-4.500h4.500",
  cut: "M8 3v13h13M3 8h13v13",
  home: "M4 11l8-7l8 7M6 9.500V20h12V9.500M10 20v-6h4v6",
  broom: "M5 7h14M9.500 7V4h5v3M6.500 7l1 13.500h9l1-13.500M10.500 11v6M13.500 11v6",
};

export function Icon({name}) {
  return html`<svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
    <path d=${paths[name]} /></svg>`;
}

// The mark: two arches of a porch under a roof, one step below.
export function Mark() {
  return html`<svg class="mark" viewBox="0 0 48 48" aria-hidden="true" focusable="false">
    <path class="mark-roof" d="M24 4L45 18H3z" />
    <path class="mark-body" d="M6 20h36v20H6z" />
    <path class="mark-hole" d="M10 40V31a6 6 0 0 1 12 0v9zM26 40V31a6 6 0 0 1 12 0v9z" />
    <path class="mark-step" d="M3 41h42v4H3z" />
  </svg>`;
}
