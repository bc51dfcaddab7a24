import { findConfig } from '@chaosproxy/engine'
import { type Command, flagOf, textOf } from '../command.ts'
import { proxiedUpstreams } from '../config/upstreams.ts'
import { serveProxies } from '../proxy/serve.ts'
import { parseProxySettings, proxyOptions } from '../proxy/settings.ts'
import { composed } from '../record/composed.ts'

export const proxyCommand: Command = {
  name: 'proxy',
  positional: '',
  summary: 'stand between clients and servers: forward, inject faults on demand, record',
  options: proxyOptions,
  common: ['listen', 'upstream', 'carries', 'config', 'record', 'out', 'time', 'ui', 'toxiproxy'],
  groups: {
    'What is proxied': ['listen', 'upstream', 'compose', 'service', 'name', 'carries', 'config'],
    'What is recorded': [
      'record',
      'client',
      'initial',
      'model',
      'out',
      'force',
      'rotate',
      'compress',
      'keep',
      'events',
    ],
    'What must hold': ['expect', 'require', 'stop-on-violation', 'check-timeout'],
    'How it is controlled': [
      'control',
      'control-cert',
      'control-key',
      'host',
      'port',
      'token',
      'open',
      'host-name',
      'toxiproxy',
    ],
    'Metrics and log': ['proxy-metrics', 'runtime-metrics', 'log'],
    'How it is seen': ['ui', 'ui-listen'],
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
    const { options: all, close } = await composed(options)
    try {
      return await serveProxies(parseProxySettings(proxiedUpstreams(all, loaded)))
    } finally {
      await close()
    }
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
