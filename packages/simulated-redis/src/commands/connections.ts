import { type Call, type Command, command } from '../command.ts'
import { CommandError, syntaxError, UnknownCommand, wrongArity } from '../failures.ts'
import { integerOf } from '../numbers.ts'
import { mapReply, OK, type Reply } from '../reply.ts'
import type { Session } from '../session.ts'
import { leaveAll } from './pub-sub.ts'

/** The version of Redis that the replies imitate. */
const VERSION = '7.2.0'

/** Whether a session may only listen. RESP2 does not distinguish replies from messages. */
export const isListening = ({ protocol, channels, patterns }: Session): boolean =>
  protocol === 2 && channels.size + patterns.size > 0

function ping({ session, args }: Call): Reply {
  if (args.length > 1) throw wrongArity('ping')
  if (isListening(session)) return ['pong', args[0] ?? '']
  return args[0] ?? { simple: 'PONG' }
}

function select({ session, store, args }: Call): Reply {
  const number = integerOf(args[0] ?? '')
  if (store.databases[number] === undefined) throw new CommandError('ERR DB index is out of range')
  session.database = number
  return OK
}

function refuseLogin(): never {
  throw new CommandError(
    'ERR AUTH <password> called without any password configured for the default user. Are you sure your configuration is correct?',
  )
}

function hello({ session, args }: Call): Reply {
  const [version, ...words] = args
  if (version !== undefined && !/^\d+$/.test(version))
    throw new CommandError('ERR Protocol version is not an integer or out of range')
  if (version !== undefined && version !== '2' && version !== '3')
    throw new CommandError('NOPROTO unsupported protocol version')
  let name: string | undefined
  while (words.length > 0) {
    const option = (words.shift() ?? '').toUpperCase()
    if (option === 'AUTH') return refuseLogin()
    if (option !== 'SETNAME') throw new UnknownCommand(`HELLO with the option ${option}`)
    name = words.shift()
    if (name === undefined) throw syntaxError()
  }
  if (version !== undefined) session.protocol = version === '3' ? 3 : 2
  session.name = name ?? session.name
  return mapReply({
    server: 'redis',
    version: VERSION,
    proto: session.protocol,
    id: session.id,
    mode: 'standalone',
    role: 'master',
    modules: [],
  })
}

function client({ session, args: [what = '', ...rest] }: Call): Reply {
  switch (what.toUpperCase()) {
    case 'ID':
      return session.id
    case 'GETNAME':
      return session.name === '' ? null : session.name
    case 'SETNAME':
      session.name = rest[0] ?? ''
      return OK
    case 'SETINFO':
      return OK
    case 'MAINT_NOTIFICATIONS':
      // node-redis sends this command of Redis Cloud to every server, and accepts the refusal.
      throw new CommandError(`ERR unknown subcommand '${what}'. Try CLIENT HELP.`)
    default:
      throw new UnknownCommand(`CLIENT ${what}`)
  }
}

/** Returns the fields of INFO that clients check when they connect. */
function info({ store }: Call): Reply {
  const lines = [
    '# Server',
    `redis_version:${VERSION}`,
    'redis_mode:standalone',
    'tcp_port:6379',
    '# Persistence',
    'loading:0',
    'aof_enabled:1',
    '# Replication',
    'role:master',
    'connected_slaves:0',
    '# Cluster',
    'cluster_enabled:0',
    '# Keyspace',
    ...store.databases.flatMap((database) => {
      const keys = database.keys()
      const timed = keys.filter((key) => database.entry(key)?.expiresAt !== undefined).length
      return keys.length === 0 ? [] : [`db${database.number}:keys=${keys.length},expires=${timed},avg_ttl=0`]
    }),
  ]
  return { verbatim: `${lines.join('\r\n')}\r\n` }
}

function reset({ store, session }: Call): Reply {
  leaveAll(store, session)
  session.watched.clear()
  session.queued = undefined
  session.protocol = 2
  session.name = ''
  session.database = 0
  return { simple: 'RESET' }
}

export const connectionCommands: readonly Command[] = [
  command('PING', -1, ping),
  command('ECHO', 2, ({ args }) => args[0] ?? ''),
  command('SELECT', 2, select),
  command('AUTH', -2, refuseLogin),
  command('HELLO', -1, hello),
  command('CLIENT', -2, client),
  command('INFO', -1, info),
  command('RESET', 1, reset),
  command('QUIT', -1, ({ session }) => {
    session.closing = true
    return OK
  }),
  command('TIME', 1, ({ store: { now } }) => [String(Math.floor(now / 1_000)), String((now % 1_000) * 1_000)]),
]
