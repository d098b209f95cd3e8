import { createPinia } from "pinia";
import { createApp } from "vue";
import "./styles/index.js";
import "./styles/traces.css";
import App from "./App.vue";
import { connectPort } from "./connect.js";
import { useConnection } from "./stores/connection.js";
import { openSession } from "./stores/session.js";

const app = createApp(App).use(createPinia());
app.mount("#app");

connectPort()
  .then(openSession)
  .catch((thrown: unknown) => useConnection().closed(thrown));
