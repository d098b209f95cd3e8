/** All sheets of the window, in their order. */
import "./tokens.css";
import "./base.css";
import "./controls.css";
import "./layers.css";
