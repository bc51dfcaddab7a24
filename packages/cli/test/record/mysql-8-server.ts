import { constants, generateKeyPairSync, privateDecrypt } from 'node:crypto'
import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { onTestFinished } from 'vitest'
import { packetIn, packetOf } from '../../../wire/src/mysql/packet.ts'
import { readCommand } from '../../../wire/src/mysql/requests.ts'
import {
  AUTOCOMMIT,
  greeting,
  IN_TRANSACTION,
  ok,
  refused,
  rows,
  SCRAMBLE,
} from '../../../wire/test/mysql/server-packets.ts'

// A server that logs clients in according to the documentation of MySQL 8
// (https://dev.mysql.com/doc/dev/mysql-server/latest/page_caching_sha2_authentication_exchanges.html).

export const PASSWORD = 'secret'

const KEYS = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
})

export interface Mysql8 {
  readonly address: string
  /** For each client, the capabilities that it chose from those that the server offered. */
  readonly chosen: readonly number[]
}

/** Starts a server that offers every capability. The server stops at the end of the test. */
export async function startMysql8(): Promise<Mysql8> {
  const sockets = new Set<Socket>()
  const chosen: number[] = []
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined)
    serve(socket, chosen).catch(() => socket.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return { address: `127.0.0.1:${(server.address() as AddressInfo).port}`, chosen }
}

async function serve(socket: Socket, chosen: number[]): Promise<void> {
  const packets = packetsOf(socket)
  socket.write(greeting(AUTOCOMMIT, { version: '8.4.6', plugin: USUAL_METHOD }))
  const asked = (await packets.next()).value!
  chosen.push(asked.payload.readUInt32LE(0))
  const user = asked.payload.toString('latin1', 32, asked.payload.indexOf(0, 32))
  const steps = login(user, asked.payload.includes(`${USUAL_METHOD}\0`))
  let { sequence } = asked
  let step = steps.next(asked.payload)
  while (step.done !== true) {
    const { payload, isAnswered } = step.value
    socket.write(packetOf({ sequence: ++sequence, payload }))
    if (isAnswered) sequence++
    step = steps.next(isAnswered ? (await packets.next()).value!.payload : payload)
  }
  sequence++
  socket.write(step.value ? ok({ sequence, changed: ['autocommit', 'ON'] }) : refused(1045))
  const answer = answers()
  for await (const { payload } of packets) {
    const command = readCommand(payload)
    if (command.kind === 'quit') break
    socket.write('sql' in command ? answer(command.sql ?? '') : ok())
  }
  socket.end()
}

async function* packetsOf(socket: Socket) {
  let kept: Buffer = Buffer.alloc(0)
  for await (const chunk of socket) {
    kept = Buffer.concat([kept, chunk])
    while (kept.length >= 4 && kept.length >= 4 + kept.readUIntLE(0, 3)) {
      const size = 4 + kept.readUIntLE(0, 3)
      yield packetIn(kept.subarray(0, size))
      kept = kept.subarray(size)
    }
  }
}

interface Step {
  readonly payload: Buffer
  readonly isAnswered: boolean
}

/** Yields the server's messages, receives the client's replies, and returns whether the login succeeded. */
type Login = Generator<Step, boolean, Buffer>

const step = (isAnswered: boolean, ...parts: readonly (string | Uint8Array | readonly number[])[]): Step => ({
  isAnswered,
  payload: Buffer.concat(parts.map((part) => Buffer.from(part as Uint8Array))),
})

const USUAL_METHOD = 'caching_sha2_password'
const MORE = 1
const NEXT_FACTOR = 2
const OTHER_METHOD = 0xfe
const IS_CACHED = 3
const NEEDS_PASSWORD = 4
const PROOF_BYTES = 20

const method = (kind: number, plugin: string): Step => step(true, [kind], `${plugin}\0`, SCRAMBLE, [0])

/** Performs a login. Asks a client that began with another authentication method to switch to the usual method. */
function* login(user: string, isUsual: boolean): Login {
  if (!isUsual && user !== 'switched') yield method(OTHER_METHOD, USUAL_METHOD)
  return yield* LOGINS[user]!()
}

/** The login of each user, by the user's name. */
const LOGINS: { readonly [user: string]: () => Login } = {
  *cached() {
    yield step(false, [MORE, IS_CACHED])
    return true
  },
  *encrypted() {
    const asksForKey = yield step(true, [MORE, NEEDS_PASSWORD])
    if (asksForKey[0] !== 2) return false
    const secret = yield step(true, [MORE], KEYS.publicKey)
    const padding = constants.RSA_PKCS1_OAEP_PADDING
    const scrambled = privateDecrypt({ key: KEYS.privateKey, padding, oaepHash: 'sha1' }, secret)
    return scrambled.map((byte, at) => byte ^ SCRAMBLE[at % SCRAMBLE.length]!).toString() === `${PASSWORD}\0`
  },
  *switched() {
    return (yield method(OTHER_METHOD, 'mysql_native_password')).length === PROOF_BYTES
  },
  *factors() {
    yield step(false, [MORE, IS_CACHED])
    return (yield method(NEXT_FACTOR, 'mysql_native_password')).length === PROOF_BYTES
  },
}

export const USERS: readonly string[] = Object.keys(LOGINS)

const WITHIN = AUTOCOMMIT | IN_TRANSACTION

/** Returns the replies of a server with a single row, which has a balance. */
function answers(): (sql: string) => Buffer {
  let status = AUTOCOMMIT
  let balance = '100'
  return (sql) => {
    if (/^start transaction/i.test(sql)) status = WITHIN
    if (/^commit/i.test(sql)) status = AUTOCOMMIT
    if (/^select balance/i.test(sql)) return rows(['balance'], [[balance]], { status })
    if (/^select @@/i.test(sql)) {
      const names = sql.replace(/^select /i, '').split(',')
      return rows(names, [names.map(() => '1000000')], { status })
    }
    const [, written] = /^update accounts set balance = (\d+)/i.exec(sql) ?? []
    if (written === undefined) return ok({ status })
    balance = written
    return ok({ affected: 1, status, info: 'Rows matched: 1  Changed: 1  Warnings: 0', changed: ['gtid', 'a:1'] })
  }
}
