import type { Level } from '@chaosproxy/checker'
import { findConfig } from '@chaosproxy/engine'
import { carriageNames } from '@chaosproxy/proxy/control'
import { requireOption } from '../arguments/require.ts'
import { type Command, flagOf, textOf } from '../command.ts'
import { proxiedUpstreams } from '../config/upstreams.ts'
import { serveProxies } from '../proxy/serve.ts'
import { CHECK_TIMEOUT, parseProxySettings } from '../proxy/settings.ts'

export const proxyCommand: Command = {
  name: 'proxy',
  positional: '',
  summary: 'stand between clients and servers: forward, inject faults on demand, record',
  options: {
    listen: {
      type: 'string',
      describe: 'host:port to listen on, once for each proxy; with https:// in front it speaks TLS',
      requiresArg: true,
    },
    upstream: {
      type: 'string',
      describe: 'host:port to forward to, once for each proxy; with https:// in front for TLS',
      requiresArg: true,
    },
    name: {
      type: 'string',
      describe: 'name of the proxy, once for each [default: n1, n2, …]',
      requiresArg: true,
    },
    config: {
      type: 'string',
      describe: 'JSON file with proxies, their toxics, faults, partitions; also a list as Toxiproxy takes it',
      requiresArg: true,
    },
    record: {
      type: 'string',
      describe:
        'record the traffic: a JSON file with a route table (HTTP), resp (Redis), or {"kind":"postgresql","table":"kv"}',
      requiresArg: true,
    },
    carries: {
      type: 'string',
      describe: `protocol of the traffic, so that faults can hit single requests and messages: ${carriageNames.join(', ')}; once, or once for each proxy`,
      requiresArg: true,
    },
    client: {
      type: 'string',
      describe:
        'with --record: what identifies clients, such as header.X-Client, peer.process, peer.address, connection',
      requiresArg: true,
    },
    initial: {
      type: 'string',
      describe: 'with --record: what keys hold at the start: unknown, read, or a value in JSON [default: unknown]',
      requiresArg: true,
    },
    out: {
      type: 'string',
      describe:
        'with --record: where to create the directory of this run, or a plain file to write instead, such as history.jsonl [default: chaos-results]',
      requiresArg: true,
    },
    force: { type: 'boolean', describe: 'overwrite an existing recording' },
    ...requireOption,
    expect: {
      type: 'string',
      describe: `exit with 1 unless what was recorded meets this level, such as ${'linearizable' satisfies Level} [default: only report]`,
      requiresArg: true,
    },
    'check-timeout': {
      type: 'string',
      describe: `how long checking may take [default: ${CHECK_TIMEOUT}]`,
      requiresArg: true,
    },
    events: {
      type: 'string',
      describe: 'write every event to this file as it happens, as lines of JSON',
      requiresArg: true,
    },
    model: { type: 'string', describe: 'model of the recorded operations, as for chaos check', requiresArg: true },
    rotate: {
      type: 'string',
      describe: 'write plain files, and start another after this size: 64MB, 1GB',
      requiresArg: true,
    },
    control: { type: 'string', describe: 'address of the control API [default: 127.0.0.1:8474]', requiresArg: true },
    host: { type: 'string', describe: 'only the host of --control, as with Toxiproxy', requiresArg: true },
    port: { type: 'string', describe: 'only the port of --control, as with Toxiproxy', requiresArg: true },
    token: {
      type: 'string',
      describe: 'token that every request to --control needs; CHAOS_TOKEN keeps it out of ps [CHAOS_TOKEN]',
      requiresArg: true,
    },
    open: { type: 'boolean', describe: 'serve other machines without a token, and listen where anyone asks' },
    'host-name': {
      type: 'string',
      describe: 'with --open: a host name with dots to answer to, once for each',
      requiresArg: true,
    },
    toxiproxy: { type: 'boolean', describe: "answer Toxiproxy's clients too, on the same port" },
    'proxy-metrics': { type: 'boolean', describe: 'with --toxiproxy: GET /metrics' },
    'runtime-metrics': { type: 'boolean', describe: 'the same' },
    workers: {
      type: 'string',
      default: '1',
      describe: 'processes to spread connections over, for many small messages; not with recording',
      requiresArg: true,
    },
    seed: { type: 'string', default: '1', describe: 'the seed of every random choice', requiresArg: true },
    log: { type: 'string', describe: 'json or pretty [default: pretty on a terminal]', requiresArg: true },
    time: { type: 'string', describe: 'stop after this long: 500ms, 20s, 2m', requiresArg: true },
  },
  groups: {
    'What is proxied': ['listen', 'upstream', 'name', 'carries', 'config'],
    'What is recorded': ['record', 'client', 'initial', 'model', 'out', 'force', 'rotate', 'events'],
    'What must hold': ['expect', 'require', 'check-timeout'],
    'How it is controlled': ['control', 'host', 'port', 'token', 'open', 'host-name', 'toxiproxy'],
    'Metrics and log': ['proxy-metrics', 'runtime-metrics', 'log'],
    'How it runs': ['workers', 'seed', 'time'],
  },
  examples: [
    ['chaos proxy --listen 127.0.0.1:6380 --upstream 127.0.0.1:6379', 'stand in front of a server'],
    ['chaos proxy --upstream 127.0.0.1:8080 --carries http', 'with faults for single requests'],
    ['chaos proxy --upstream 127.0.0.1:8080 --record routes.json', 'record an HTTP service'],
    ['chaos proxy --config proxies.json -- npm test', 'only for as long as the tests run'],
    ['chaos proxy --toxiproxy', "in Toxiproxy's place, on port 8474"],
  ],
  normalize: (argv) => doubleDashes(argv),
  async run(options) {
    // With --config or --toxiproxy its proxies come from elsewhere.
    const isPlain = textOf(options, 'config') === undefined && !flagOf(options, 'toxiproxy')
    const loaded = isPlain ? await findConfig('.') : undefined
    return serveProxies(parseProxySettings(proxiedUpstreams(options, loaded)))
  },
}

/** Accepts flags with a single dash, as Toxiproxy's server does. Words after `--` belong to another command. */
function doubleDashes(argv: readonly string[]): readonly string[] {
  const end = argv.indexOf('--')
  const ours = end < 0 ? argv : argv.slice(0, end)
  const rest = end < 0 ? [] : argv.slice(end)
  return [...ours.map((arg) => (GO_FLAG.test(arg) ? `-${arg}` : arg)), ...rest]
}

const GO_FLAG = /^-(host|port|config|seed|proxy-metrics|runtime-metrics)(=.*)?$/
