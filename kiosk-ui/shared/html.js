// One import for the view layer: html`<div>…</div>` is Preact through htm, without a compiler and without
// eval.
import {h, render, createContext} from "preact";
import {useState, useEffect, useLayoutEffect, useRef, useContext, useCallback, useMemo} from "preact/hooks";
import htm from "htm";

export const html = htm.bind(h);
export {render, createContext, useState, useEffect, useLayoutEffect, useRef, useContext, useCallback,
  useMemo};
