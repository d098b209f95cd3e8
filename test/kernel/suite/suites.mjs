// Which suites run in which machine, in this order. Balanced by time: about twelve minutes each on an idle host.

export const machines = {
  first: [
    "smoke",
    "discovery",
    "doctor",
    "record",
    "memory",
    "paths",
    "past",
    "limits",
    "resume",
    "formats",
    "permissions",
    // Last: it leaves a control thread stuck in the driver for a while.
    "attributes",
  ],
  second: ["loss", "holders", "unplug", "faults", "stop", "triggers"],
};
