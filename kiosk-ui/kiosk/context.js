// What every page may use: t (texts), state (kioskd's truth), call (one command at a time), prefs, device
// events.
import {createContext, useContext} from "../shared/html.js";

export const App = createContext(null);
export const useApp = () => useContext(App);
