/** What the command line takes; printed by --help and beside wrong usage. */
export const USAGE = `iio-studio COMMAND

  devices                      contexts, devices, links, channels, buffers, attributes
  attr DEVICE NAME [VALUE]     read or write an attribute; channel attributes as CHANNEL/NAME,
                               a buffer's as buffer0/NAME, a trigger's as trigger:TRIGGER/NAME
  record DEVICE --out BASENAME [--channels a,b] [--rate HZ|max] [--blocks N] [--block-size BYTES]
         [--queue N] [--buffer N] [--transport auto|dmabuf|read] [--heap NAME]
         [--device-trigger NAME [--device-trigger-rate HZ]] [--counter CHANNEL,…]
         [--set NAME=VALUE]… [--note TEXT] [--no-hash] [--seconds T | --samples N]
  verify BASENAME              metadata, data length, hash, captures, journal
  doctor                       what this machine offers and what is missing, with the exact fix
  serve [--port N] [--open] [--url]
                               the loopback shell alone; --url prints a new address of a running one

  --json    one JSON object on stdout; progress goes to stderr
  --sysfs DIR, --dev DIR       look for devices below these instead of /sys and /dev (for tests)

Devices are named sim:adc, local:iio:device0 or local:NAME.
Exit status: 0 good, 1 failed with a sentence, 2 wrong usage.`;
