import { inputError } from '@chaosproxy/history'
import { defineFault } from '../definition/definition.ts'
import { bytes, choice, ms, optional, or, probability, text, wholeNumber } from '../definition/parameter.ts'

export const kill = defineFault({
  kind: 'kill',
  plural: 'kills',
  stopsNodes: true,
  summary: 'kill the process (kill -9); restart it on the same disk when healed',
  parameters: {},
  describe: (_, nodes) => `${nodes} killed`,
})

export const powerLoss = defineFault({
  kind: 'power-loss',
  plural: 'power losses',
  stopsNodes: true,
  summary:
    'cut the power: kill the process and take from its files what was written but not fsynced; restart it on what is left when healed',
  parameters: {
    unsynced: or(
      choice(
        ['lost', 'torn', 'reordered'],
        'what becomes of data that was not fsynced. lost: all of it is lost; torn: the first writes survive, the last of them in part; reordered: each block survives or is lost',
      ),
      'lost',
    ),
  },
  describe: ({ unsynced }, nodes) => `power of ${nodes} cut${unsynced === 'lost' ? '' : ` (${unsynced} writes)`}`,
})

export const slowFsync = defineFault({
  kind: 'slow-fsync',
  plural: 'slow disks',
  summary: 'make every fsync of the process take longer',
  parameters: { delayMs: or(ms('additional time of each fsync', { least: 1, most: 60_000 }), 100) },
  describe: ({ delayMs }, nodes) => `every fsync of ${nodes} ${delayMs} ms slower`,
})

export const failFsync = defineFault({
  kind: 'fail-fsync',
  plural: 'failing disks',
  summary: 'make every fsync of the process fail with EIO; when healed, start the process again if it has ended',
  parameters: {},
  describe: (_, nodes) => `every fsync of ${nodes} failed`,
})

export const freezeDisk = defineFault({
  kind: 'freeze-disk',
  plural: 'frozen disks',
  summary: 'block every write, truncation and fsync of the process, as fsfreeze does; when healed, let them continue',
  parameters: {},
  describe: (_, nodes) => `${nodes.includes(' ') ? 'disks' : 'disk'} of ${nodes} frozen`,
})

const LAST_BIT = 7

export const flipBit = defineFault({
  kind: 'flip-bit',
  plural: 'flipped bits',
  stopsNodes: true,
  voidsPromises: true,
  summary:
    'kill the process and flip a bit of its files; when healed, start the process on these files; if it refuses to start, the node stays down',
  parameters: {
    files: optional(text('flip a bit only in files whose path in the data directory contains this text')),
    matching: optional(
      text('flip a bit only in text that matches this regular expression, which takes each byte for a character'),
    ),
    at: or(probability('position among all bytes that may be hit, file after file: 0 is the first, 1 the last'), 0.5),
    bit: or(wholeNumber('number of the bit in the byte; 0 is the lowest', { most: LAST_BIT }), 0),
  },
  validate({ matching }, where) {
    if (matching === undefined) return
    try {
      new RegExp(matching)
    } catch (error) {
      throw inputError(`${where}: "matching": ${(error as Error).message}`)
    }
  },
  describe: ({ files }, nodes) => `a bit of ${files ?? 'the files'} flipped at ${nodes}`,
})

const effectNames = { persist: 'write', send: 'message', reply: 'answer' } as const

/** Kills a process just before an effect: its nth write, message or reply since the injection. */
export const crash = defineFault({
  kind: 'crash',
  plural: 'crashes',
  stopsNodes: true,
  summary: 'kill the process just before its nth write, send or reply; restart it on the same disk when healed',
  notInProcesses: {
    not: 'chaos cannot see when a process is about to write, send or reply',
    instead: ['kill'],
    elsewhere: 'simulator',
  },
  parameters: {
    before: choice(
      ['persist', 'send', 'reply'],
      'kill the process just before it writes to disk (persist), sends or replies',
    ),
    nth: or(wholeNumber('before which write, send or reply the process is killed; 1: the first', { least: 1 }), 1),
  },
  describe: ({ before, nth }, nodes) => `${nodes} killed before ${effectNames[before]} ${nth}`,
})

export const pause = defineFault({
  kind: 'pause',
  plural: 'pauses',
  stopsNodes: true,
  summary: 'suspend the process (SIGSTOP); resume it when healed',
  parameters: {},
  describe: (_, nodes) => `${nodes} paused`,
})

export const failover = defineFault({
  kind: 'failover',
  plural: 'failovers',
  summary: "fail over to a node with the system's own command (SENTINEL FAILOVER, pg_promote)",
  parameters: {},
  describe: (_, nodes) => `${nodes} told to fail over`,
})

export const stop = defineFault({
  kind: 'stop',
  plural: 'stops',
  stopsNodes: true,
  summary: 'stop the node cleanly through the container engine (SIGTERM); start it again when healed',
  parameters: {},
  describe: (_, nodes) => `${nodes} stopped`,
})

export const restart = defineFault({
  kind: 'restart',
  plural: 'restarts',
  stopsNodes: true,
  summary:
    'stop the node cleanly through the container engine, then start it at once; a simulated PostgreSQL ends its sessions with 57P01',
  parameters: {},
  describe: (_, nodes) => `${nodes} restarted`,
})

const signals = ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2', 'SIGABRT', 'SIGSTOP'] as const

export const signal = defineFault({
  kind: 'signal',
  plural: 'signals',
  summary: "send a signal to a container's first process; when healed, continue it (SIGSTOP) or start it if it ended",
  parameters: { signal: choice(signals, 'the signal to send') },
  describe: ({ signal: name }, nodes) => `${name} to ${nodes}`,
})

export const limitCpu = defineFault({
  kind: 'limit-cpu',
  plural: 'limits of processor time',
  summary: 'limit a container to a share of one processor',
  parameters: { share: or(probability('the share of one processor'), 0.1) },
  describe: ({ share }, nodes) => `${nodes} limited to ${Math.round(share * 100)}% of a processor`,
})

/** The lowest memory limit that container engines accept. */
const LEAST_MEMORY_BYTES = 6 * 1024 * 1024

export const limitMemory = defineFault({
  kind: 'limit-memory',
  plural: 'limits of memory',
  summary:
    'limit the memory of a container; the kernel kills a process that needs more, and it is started again when healed',
  parameters: { limitBytes: bytes('the largest amount of memory', { least: LEAST_MEMORY_BYTES }) },
  describe: ({ limitBytes }, nodes) => `${nodes} limited to ${Math.round(limitBytes / 1024 ** 2)} MiB of memory`,
})

export const fillDisk = defineFault({
  kind: 'fill-disk',
  plural: 'full disks',
  summary:
    'fill the disk of the process (ENOSPC), or the disk that "disk" gives a container; when healed, free the space, and start the process if it has ended',
  parameters: {},
  describe: (_, nodes) => `${nodes.includes(' ') ? 'disks' : 'disk'} of ${nodes} full`,
})

const LONGEST_JUMP_MS = 24 * 3_600_000
/** The largest drift, at which a clock runs at half or at one and a half times the true speed. */
const GREATEST_DRIFT_PPM = 500_000

export const clock = defineFault({
  kind: 'clock',
  plural: 'wrong clocks',
  summary: 'make the clock jump, then run too fast or too slow',
  parameters: {
    offsetMs: or(ms('size of the jump', { least: -LONGEST_JUMP_MS, most: LONGEST_JUMP_MS }), 0),
    driftPpm: or(
      wholeNumber('drift: how much faster the clock runs, in parts per million', {
        least: -GREATEST_DRIFT_PPM,
        most: GREATEST_DRIFT_PPM,
      }),
      0,
    ),
  },
  describe: ({ offsetMs, driftPpm }, nodes) =>
    `${nodes.includes(' ') ? 'clocks' : 'clock'} of ${nodes} ${describeClock(offsetMs, driftPpm)}`,
})

const onlySimulated = {
  not: 'only the PostgreSQL in memory of chaos simulate has such faults',
  instead: ['kill', 'pause'],
}

export const loseCommitReply = defineFault({
  kind: 'lose-commit-reply',
  plural: 'lost replies to COMMIT',
  summary: 'let a simulated PostgreSQL commit, and end the connection before the client gets the reply',
  notInProcesses: onlySimulated,
  parameters: { share: or(probability('which share of the replies to commits with writes is lost'), 1) },
  describe: ({ share }, nodes) => `${percent(share)} of the replies of ${nodes} to COMMIT lost`,
})

export const serializationFailure = defineFault({
  kind: 'serialization-failure',
  plural: 'serialization failures',
  summary:
    'let a simulated PostgreSQL fail transactions above READ COMMITTED with 40001, if they overlap another that writes',
  notInProcesses: onlySimulated,
  parameters: { share: or(probability('which share of the commits and changes in such transactions fails'), 0.5) },
  describe: ({ share }, nodes) => `${nodes} failed ${percent(share)} of the transactions that can fail with 40001`,
})

export const refuseSessions = defineFault({
  kind: 'refuse-sessions',
  plural: 'full databases',
  summary: 'let a simulated PostgreSQL refuse new sessions (53300, sorry, too many clients already)',
  notInProcesses: onlySimulated,
  parameters: {},
  describe: (_, nodes) => `${nodes} full`,
})

export const slowStatements = defineFault({
  kind: 'slow-statements',
  plural: 'slow statements',
  summary: 'make statements of a simulated PostgreSQL take longer; statement_timeout ends them with 57014',
  notInProcesses: onlySimulated,
  parameters: {
    delayMs: ms('additional time of each statement', { least: 1 }),
    share: or(probability('the share of the statements that take longer'), 1),
  },
  describe: ({ delayMs, share }, nodes) => `${percent(share)} of the statements of ${nodes} ${delayMs} ms slower`,
})

const percent = (share: number): string => `${Math.round(share * 100)}%`

function describeClock(offsetMs: number, driftPpm: number): string {
  const jump = offsetMs === 0 ? [] : [`${Math.abs(offsetMs)} ms ${offsetMs > 0 ? 'ahead' : 'behind'}`]
  const drift = driftPpm === 0 ? [] : [`${Math.abs(driftPpm) / 10_000}% too ${driftPpm > 0 ? 'fast' : 'slow'}`]
  return [...jump, ...drift].join(' and ') || 'right'
}
