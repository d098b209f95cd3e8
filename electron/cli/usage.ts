/** What the command line takes; printed by --help and beside wrong usage. */
export const usage = (program: string): string => `${program} COMMAND

  devices                      contexts, devices, links, channels, buffers, attributes
  attr DEVICE NAME [VALUE]     read or write an attribute; channel attributes as CHANNEL/NAME,
                               a buffer's as buffer0/NAME, a trigger's as trigger:TRIGGER/NAME
  record DEVICE --out BASENAME [--channels a,b] [--rate HZ|max] [--blocks N] [--block-size BYTES]
         [--queue N] [--buffer N] [--transport auto|dmabuf|read] [--heap NAME]
         [--device-trigger NAME [--device-trigger-rate HZ]] [--counter CHANNEL,…]
         [--realtime PRIORITY] [--cpus 2,3]
         [--set [DEVICE:]NAME=VALUE]… [--note TEXT] [--no-hash] [--seconds T | --samples N]
         [--start-at TIME] [--until TIME] [--pre T] [--no-check] [--resume] [--raw]
         [--split-size BYTES | --split-time T] [--ring-size BYTES | --ring-time T]
         [--trigger CHANNEL:LEVEL[:falling] [--before T] [--after T] [--captures N] [--each]]
  record DEVICE DEVICE… --out BASENAME [--shared-clock] …
                               several devices, or buffers of one (DEVICE/buffer1), together
  tune DEVICE [--seconds T] [--margin PERCENT] [--rate HZ] [--buffer N] [--channels a,b]
         [--transport …] [--heap NAME] [--device-trigger NAME] [--realtime PRIORITY] [--cpus 2,3]
         [--apply-hint]
                               finds the smallest blocks, and the fewest, that keep up; changes nothing
  verify BASENAME              metadata, data length, hash, captures, journal, CRCs of all data
  doctor                       what this machine offers and what is missing, with the exact fix
  serve [--port N] [--open] [--url]
                               the loopback shell alone; --url prints a new address of a running one

record:
  --out BASENAME      writes BASENAME.sigmf-data and BASENAME.sigmf-meta; refuses names that exist
  --channels a,b      only these (default: those enabled)
  --rate HZ|max       writes the sampling_frequency nearest to the buffer; max: the simulator as fast as it can
  --blocks N          blocks in the pool, 2 upward; --block-size BYTES (64Ki), --queue N of them queued
  --transport, --heap dmabuf or read; memory of the blocks: a name in /dev/dma_heap, or udmabuf
  --device-trigger    exact name of the IIO trigger; --device-trigger-rate HZ sets its rate first
  --counter a,b       channels that count scans (first one lowest): makes loss exact
  --realtime PRIORITY, --cpus 2,3
                      puts the acquisition thread before others (1 to 99), and on these CPUs only; doctor
                      says whether that is permitted, and without permission it runs all the same
  --set NAME=VALUE    an attribute of the device or of one linked to it, written first; as often as
                      needed; DEVICE:NAME=VALUE for any other
  --seconds T, --samples N
                      when to stop (default: Ctrl+C). Times T are in seconds, or as in 20ms, 10min, 2h, 1:30
  --start-at TIME, --until TIME
                      begins and ends by the clock: 18:30, 18:30:15 (the next to come), 2026-11-21 18:30 (local
                      time) or 2026-11-21T18:30:00Z; the clock may be set while it waits. The stream runs 2 s
                      ahead, so that the recording has the whole block of that moment, which is marked;
                      --seconds counts from it. Ctrl+C while it waits: nothing is recorded
  --pre T             runs the stream first, and begins so many seconds before the recording is started;
                      --seconds and --samples count from its start, which is marked. Ctrl+C before it: nothing
                      is recorded
  --split-size BYTES, --split-time T
                      in parts BASENAME-part0001 and so on, each so large or so long (4G, 10min): whole
                      recordings, nothing lost between them, tied together by BASENAME.sigmf-collection
  --ring-size BYTES, --ring-time T
                      keeps the last so much; parts that lie further back are deleted
  --resume            goes on where BASENAME ended, in its next part, with the hole between marked: after the machine
                      or the program stopped (what was cut off is completed first), and when the device goes and
                      comes back, which it waits for. Where there is nothing yet it begins, in parts. --seconds,
                      --samples and --captures count all parts. Ctrl+C or SIGTERM ends it. docs/unattended.md
                      has a unit for systemd
  --raw               keeps values as the device stores them (12 bits shifted by 4, say) and says how, instead of
                      writing what they mean: no pass over the data, but few other programs read them rightly
  --trigger CHANNEL:LEVEL[:rising|falling]
                      records only what is around each crossing of the level, in the channel's unit or in
                      counts (voltage0:0.5, voltage0:-20mV:falling, voltage0:1200counts); of a pair that of
                      its magnitude. Lists time, peak and width of each
  --before T, --after T
                      so much of each; where spans overlap they are recorded once
  --captures N        ends with so many; --seconds T: with the triggers of so long (default: Ctrl+C)
  --each              each a recording of its own, BASENAME-part0001 and so on; those that overlap, or come
                      faster than files can be made, share one
  --hysteresis H      how far the signal must go back before it triggers again (default: a 256th of the
                      channel's range, a tenth of the level at most)
  DEVICE DEVICE…      each into BASENAME-DEVICE, and BASENAME.sigmf-collection says how far apart they began
                      and how fast their clocks run, as measured. Options hold for all; those about one device,
                      its past, parts, captures or the clock are refused
  --shared-clock      you say that one clock drives all of them: then it also says which samples belong
                      together
  --no-check          leaves the short test of the disk out that comes first
  --no-hash           leaves the SHA-512 out

tune:
  --seconds T         how long each try runs (default: 3)
  --margin PERCENT    the queue may never hold fewer blocks than this part of it (default: 50)
  --rate HZ           at this rate, which is set back afterwards
  --apply-hint        prints the options of record that use what was found

Without a command the installed program opens its window.

  --json    one JSON object on stdout; progress goes to stderr
  --sysfs DIR, --dev DIR       look for devices below these instead of /sys and /dev (for tests)

Devices are named sim:adc, local:iio:device0 or local:NAME.
Exit status: 0 good, 1 failed with a sentence, 2 wrong usage.`;
