import { relative, resolve } from 'node:path'
import type { Level } from '@chaosproxy/checker'
import { recordingSpec } from '@chaosproxy/engine'
import type { LoadedConfig, NamedRegistries } from '@chaosproxy/engine/run'
import { usageError } from '@chaosproxy/history'
import { planRun, runMembers, type TrafficServer, type TrafficSpec } from '@chaosproxy/runner'
import { wordsOf } from '@chaosproxy/targets/named'
import * as v from 'valibot'
import { baselineOptions, parseBaselineOptions, requireSameRun } from '../arguments/baseline.ts'
import {
  asCount,
  asDuration,
  asName,
  asRead,
  flag,
  given,
  ifTyped,
  inGroup,
  membersOf,
  onlyCommon,
  valuesOf,
  word,
  words,
} from '../arguments/declare.ts'
import { listed } from '../arguments/names.ts'
import { printDuration } from '../arguments/quantities.ts'
import { judgingOptions, withImpliedLevel } from '../arguments/require.ts'
import { parseUi } from '../arguments/ui.ts'
import { type ParsedOptions, textOf, textsOf } from '../command.ts'
import { configOption, readOwnConfig } from '../config/own.ts'
import { type Closing, composeOptions, readComposed, recordedUpstreams } from '../config/servers.ts'
import type { ValuesOf } from '../option.ts'
import { parsePairs } from '../proxy/pairs.ts'
import { isSilent } from '../reporting/choice.ts'
import { outputOptions, parseOutput } from '../run/output.ts'
import { recordingsWithAddresses } from '../run/recording-addresses.ts'
import type { RunSettings } from '../run/use.ts'
import type { Use } from '../use.ts'

const USUAL_TIME_MS = 600_000

const declared = {
  ...inGroup('What is recorded', ['upstream', 'serve', 'as', 'env'], {
    upstream: words(
      'host:port of a server; give one for each server; write https:// in front to speak TLS',
      'the upstreams of chaos.config.ts',
    ),
    serve: words(
      'command that starts a server; replaces --upstream; give one for each server; {listen} is the address of the server, {port} its port, {data} its data directory; {n1} is the address of the proxy of server n1, {n1.direct} the address of n1 itself',
    ),
    ...composeOptions,
    as: words(
      'protocol of the traffic: a JSON file with a route table (for HTTP), resp (for Redis), {"kind":"postgresql","table":"kv"} (for PostgreSQL), or tcp (for faults without a recording); give it once, or once for each server',
    ),
    listen: words(
      'host:port to listen on; give one for each server; write https:// in front to speak TLS',
      'any free port',
    ),
    name: words('name of a server; give one for each server', 'n1, n2, …'),
    env: words(
      'an environment variable of the command, such as REDIS_URL=redis://{n1}; {n1} is the address of the proxy of n1, {n1.host} and {n1.port} its parts',
    ),
    client: word('what identifies a client, such as header.X-Client, peer.process, peer.address, connection'),
    initial: word(
      'initial value of the keys: a JSON value, the word read (ask the server), or the word unknown',
      'unknown',
    ),
    model: word('model by which to judge the operations; chaos check --help lists the models'),
    ...configOption,
  }),
  ...inGroup('What goes wrong', ['faults', 'hurt', 'seed'], {
    faults: {
      ...asRead(
        'faults to inject repeatedly, comma-separated: partition, lose-reply, …',
        (typed) => (typed === 'none' ? [] : listed(typed)),
        'none',
      ),
      member: 'faults',
    },
    hurt: asRead('names of the servers to inject the faults into, comma-separated', listed, 'all'),
    seed: ifTyped(
      asCount(runMembers.seed, {
        text: 'seed that decides the kinds and times of the faults',
        usual: 'drawn at random',
        member: 'seed',
      }),
    ),
  }),
  ...inGroup('What must hold', ['expect'], {
    expect: asName(runMembers.expect, 'level', {
      text: `exit with 1 unless this level is met, such as ${'linearizable' satisfies Level}`,
      usual: 'only report',
      member: 'expect',
    }),
    ...judgingOptions,
    ...baselineOptions,
    'may-fail': flag('ignore the exit code of the command'),
  }),
  ...inGroup('Limits', [], {
    time: asDuration(v.optional(runMembers.timeMs, USUAL_TIME_MS), {
      text: 'end the command after this duration, and let the verdict decide the exit code',
      usual: `${printDuration(USUAL_TIME_MS)}; without --time, the run fails if the command reaches this limit`,
      member: 'timeMs',
    }),
    timeout: asDuration(runMembers.timeoutMs, {
      text: 'time limit of each read that chaos makes after the command has ended',
      member: 'timeoutMs',
    }),
  }),
  ...onlyCommon(outputOptions, 'ui', 'out'),
}

type RecordSettings = Omit<RunSettings, 'again'> & Closing

export const use: Use<RecordSettings> = {
  name: 'record',
  positional: '',
  summary: 'run a command, such as your tests, under faults; record its operations and check them',
  options: declared,
  examples: [
    [
      'chaos record --upstream 127.0.0.1:8080 --as routes.json --env API=http://{n1} -- npm test',
      'record what the tests do',
    ],
    [
      'chaos record --upstream 127.0.0.1:6379 --as resp --faults lose-reply --expect linearizable -- node app.js {n1.port}',
      'with lost responses',
    ],
    [
      'chaos record --compose compose.yaml --as routes.json -- npm test',
      'record what the tests do to a running project',
    ],
    [
      "chaos record --name db --name app --serve 'redis-server --port {port} --dir {data}' --serve 'node app.js {listen} {db}' --as tcp --as routes.json --hurt db --faults lose-reply -- node test.js {app}",
      'what an app does when it loses responses of its database; chaos starts and stops both',
    ],
  ],
  async read(options) {
    const { loaded, registries } = await readOwnConfig(options, 'chaos record')
    return readComposed(options, (all) =>
      parseRecordSettings(withPromises(recordedUpstreams(all, loaded), loaded), registries),
    )
  },
}

/** The options, with the configuration's requirements as defaults. */
function withPromises(options: ParsedOptions, loaded: LoadedConfig | undefined): ParsedOptions {
  const { baseline, ...held } = loaded?.config.recording ?? {}
  const file = baseline && relative('.', resolve(loaded?.directory ?? '.', baseline))
  const configured = { ...held, baseline: file }
  return { ...configured, ...given(options) }
}

type Typed = ValuesOf<typeof declared>

/**
 * Parses the settings of `chaos record`, in the form of the settings of `chaos run`. @throws UserError (usage, input)
 */
async function parseRecordSettings(
  options: ParsedOptions,
  registries: NamedRegistries,
): Promise<Omit<RecordSettings, keyof Closing>> {
  const command = textsOf(options, '--')
  if (command.length === 0)
    throw usageError(
      'chaos record needs the command whose traffic it records. Write the command after "--": chaos record --upstream 127.0.0.1:8080 --as routes.json -- npm test',
    )
  const typed = valuesOf(options, declared)
  const seed = typed.seed ?? Math.floor(Math.random() * 10_000)
  const draft = withImpliedLevel(membersOf(typed, declared))
  const spec = recordingSpec(trafficOf(options, typed, command), { ...draft, seed, timeMs: typed.time })
  const output = parseOutput(options)
  const traffic = recordingsWithAddresses(isSilent(output.reporters) ? 'stderr' : 'stdout')
  const run = await planRun(spec, { ...registries, traffic }, 'chaos record')
  const baseline = parseBaselineOptions(options)
  if (baseline !== undefined) requireSameRun(baseline, run)
  return { ...output, run, baseline, ui: parseUi(options, run, 1) }
}

/** The protocol of servers that are not recorded. */
const BYTES = 'tcp'

function trafficOf(options: ParsedOptions, typed: Typed, command: readonly string[]): TrafficSpec {
  const { client, initial, model, hurt } = typed
  const environment = parseEnvironment(typed.env)
  const optional = {
    ...{ client, initial, model, hurt },
    ...(Object.keys(environment).length === 0 ? {} : { environment }),
    mayFail: typed['may-fail'] || undefined,
    endsInTime: textOf(options, 'time') !== undefined || undefined,
  }
  return { as: tableIn(typed), servers: serversIn(typed), ...given(optional), command }
}

/** The route table's path, or the name of a protocol. */
function tableIn({ as: given }: Typed): string {
  const [table, another] = [...new Set(given.filter((each) => each !== BYTES))]
  if (table === undefined)
    throw usageError(
      given.length > 0
        ? 'With --as tcp alone nothing is recorded. Give a file with a route table, resp, or {"kind":"postgresql","table":"kv"} for at least one server.'
        : 'chaos record needs --as: a file with a route table (HTTP; chaos routes schema prints its format), resp (Redis), or {"kind":"postgresql","table":"kv"}.',
    )
  if (another !== undefined)
    throw usageError(
      `--as ${table} and --as ${another}: only one of them can define the recording. For servers that get faults and are not recorded, use --as tcp.`,
    )
  return table
}

function serversIn(typed: Typed): readonly TrafficServer[] {
  const { upstream: upstreams, listen: listens, as: given } = typed
  const started = typed.serve.map((text) => wordsOf(text, '--serve'))
  const pairs = parsePairs({
    ...{ name: typed.name, listen: listens },
    // A server that is not yet started has a placeholder as its upstream.
    upstream: [...upstreams, ...started.map(() => '127.0.0.1:1')],
  })
  if (pairs.length === 0)
    throw usageError(
      'chaos record needs --upstream host:port, once for each server that the command talks to, or --serve with a command that starts one.',
    )
  if (given.length > 1 && given.length !== pairs.length)
    throw usageError(
      `--as is given ${given.length} times for ${pairs.length} servers: give it once for all of them, or once for each.`,
    )
  return pairs.map(({ name }, i): TrafficServer => {
    const upstream = upstreams[i]
    return {
      name,
      listen: listens[i],
      ...(upstream === undefined ? { serve: started[i - upstreams.length] } : { upstream }),
      ...(given[given.length === 1 ? 0 : i] === BYTES ? { recorded: false } : {}),
    }
  })
}

function parseEnvironment(typed: readonly string[]): { readonly [name: string]: string } {
  return Object.fromEntries(
    typed.map((assignment) => {
      const equals = assignment.indexOf('=')
      if (equals > 0) return [assignment.slice(0, equals), assignment.slice(equals + 1)]
      throw usageError(`--env ${assignment}: write NAME=value, such as REDIS_URL=redis://{n1}.`)
    }),
  )
}
