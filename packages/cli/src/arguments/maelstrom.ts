import { existsSync } from 'node:fs'
import { usageError } from '@chaosproxy/history'
import { maelstromWorkload, quotedWord } from '@chaosproxy/targets/named'

/**
 * Translates `chaos run` in Maelstrom's style: `--target maelstrom --bin ./node -w lin-kv --time-limit 20`. Other
 * command lines stay unchanged.
 */
export async function withoutMaelstrom(argv: readonly string[]): Promise<readonly string[]> {
  const isVirtual = argv.includes('--sim')
  const words = await inOurOptions(argv, isVirtual)
  if (!isVirtual || words === argv) return words
  return [...words, ...unless(words, '--faults', 'partition'), ...unless(words, '--nodes', String(USUAL_NODES))]
}

const unless = (words: readonly string[], option: string, usual: string): readonly string[] =>
  words.includes(option) ? [] : [option, usual]

/**
 * Translates a command line in Maelstrom's style to options of chaos. `isVirtual`: whether the program runs in virtual
 * time. It always does in a search.
 */
export async function inOurOptions(argv: readonly string[], isVirtual: boolean): Promise<readonly string[]> {
  const end = argv.includes('--') ? argv.indexOf('--') : argv.length
  const words = argv.slice(0, end).flatMap((word) => {
    const [, option = '', value] = /^(--[\w-]+)=(.*)$/s.exec(word) ?? []
    return value === undefined ? [word] : [option, value]
  })
  const at = words.indexOf('--target')
  if (at < 0 || words[at + 1] !== 'maelstrom') return argv
  // Maelstrom commands often name the partition fault. A real run drops this fault, because the nodes send each other
  // no messages.
  const renamed = renamedOptions(isVirtual ? words : without(words, '--nemesis', 'partition'))
  const taken = (option: string): string => {
    const from = renamed.indexOf(option)
    return from < 0 ? '' : (renamed.splice(from, 2)[1] ?? '')
  }
  const [program, workload] = [taken('--bin'), taken('--workload')]
  // If `--bin` is the path of an existing file, it is one word, as in Maelstrom. Otherwise it is a command line.
  const command =
    program === ''
      ? ''
      : [
          existsSync(program) ? quotedWord(program.includes('/') ? program : `./${program}`) : program,
          ...argv.slice(end + 1).map(quotedWord),
        ].join(' ')
  const reference = `maelstrom:${workload}:${command}`
  renamed.splice(renamed.indexOf('--target'), 2, ...(isVirtual ? ['--binary', reference] : ['--target', reference]))
  return [...renamed, ...(isVirtual ? await clientsOf(workload, renamed) : [])]
}

function without(words: readonly string[], option: string, value: string): readonly string[] {
  const at = words.findIndex((word, place) => word === option && words[place + 1] === value)
  return at < 0 ? words : words.toSpliced(at, 2)
}

const USUAL_NODES = 5

type Renamed = (value: string, nodes: number) => readonly string[]

const same =
  (option: string): Renamed =>
  (value) => [option, value]

const inSeconds: Renamed = (value) => ['--time', /^\d+(\.\d+)?$/.test(value) ? `${value}s` : value]

/** Accepts a list of node names, as Maelstrom does. Only their number matters. */
const nodesNamed: Renamed = (value) => ['--nodes', /^\d+$/.test(value) ? value : String(value.split(',').length)]

/** `4n` means four clients for each node. */
const perNode: Renamed = (value, nodes) => {
  const [, each] = /^(\d*)n$/.exec(value) ?? []
  return ['--clients', each === undefined ? value : String(Number(each || 1) * nodes)]
}

const shareOf: Renamed = (value) => {
  const share = value === 'total' ? 1 : Number(value)
  if (Number.isFinite(share)) return ['--require', `availability >= ${share * 100}%`]
  throw usageError(`--availability ${value}: give total, or a share from 0 to 1, such as 0.9.`)
}

const oneModel: Renamed = (value) => {
  if (!value.includes(',')) return ['--expect', value]
  throw usageError(`--consistency-models ${value}: a run is checked at a single level. Give one.`)
}

const distribution: Renamed = (value) => {
  if (value === 'uniform' || value === 'constant') return ['--set', `latency-dist=${value}`]
  throw usageError(`--latency-dist ${value}: give uniform (from 0 to twice --latency) or constant.`)
}

const MAELSTROM_OPTIONS: { readonly [option: string]: Renamed } = {
  '-w': same('--workload'),
  '--nodes': nodesNamed,
  '--node-count': nodesNamed,
  '--time-limit': inSeconds,
  '--time': inSeconds,
  '--concurrency': perNode,
  '--test-count': same('--times'),
  '--nemesis': same('--faults'),
  '--availability': shareOf,
  '--consistency-models': oneModel,
  '--latency': (value) => ['--set', `latency=${value}`],
  '--latency-dist': distribution,
  '--topology': (value) => ['--set', `topology=${value}`],
  '--key-count': same('--keys'),
  '--max-txn-length': (value) => ['--workload-set', `steps=${value}`],
}

/** Maelstrom's options for behaviour that chaos always has. */
const ALWAYS_SO: ReadonlySet<string> = new Set(['--log-stderr'])

/** Options of Maelstrom without an equivalent, with advice on what to do instead. */
const REFUSED: { readonly [option: string]: string } = {
  '--nemesis-interval':
    'the seed and the duration of the run decide when faults begin. To choose the times, give --faults schedule.json',
  '--log-net-send': 'messages are not kept: let the program log them on standard error',
  '--log-net-recv': 'messages are not kept: let the program log them on standard error',
  '--max-writes-per-key': 'the workload decides when a new key replaces an old one: leave this option out',
}

function renamedOptions(words: readonly string[]): string[] {
  const typed = (...options: readonly string[]): string | undefined =>
    words[words.findIndex((word) => options.includes(word)) + 1 || words.length]
  const [, counted = String(USUAL_NODES)] = nodesNamed(typed('--node-count', '--nodes') ?? String(USUAL_NODES), 0)
  const renamed: string[] = []
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? ''
    const refusal = Object.hasOwn(REFUSED, word) ? REFUSED[word] : undefined
    if (refusal !== undefined) throw usageError(`${word}: ${refusal}.`)
    const rename = Object.hasOwn(MAELSTROM_OPTIONS, word) ? MAELSTROM_OPTIONS[word] : undefined
    if (rename !== undefined && at + 1 < words.length) renamed.push(...rename(words[++at] ?? '', Number(counted)))
    else if (!ALWAYS_SO.has(word)) renamed.push(word)
  }
  return renamed
}

/** The options for the clients and the level of a Maelstrom workload. */
async function clientsOf(name: string, argv: readonly string[]): Promise<readonly string[]> {
  const rpc = await maelstromWorkload(name)
  if (rpc === undefined) return []
  const settings = Object.entries(rpc.settings).flatMap(([setting, value]) => ['--workload-set', `${setting}=${value}`])
  return ['--workload', rpc.workload, ...settings, ...(argv.includes('--expect') ? [] : ['--expect', rpc.promises])]
}
