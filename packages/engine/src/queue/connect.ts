import { environmentError, errorText, usageError } from '@chaosproxy/history'
import { type BullMQ, type Client, type Connection, loadPackages } from './packages.ts'

/** A Redis that has answered, and the queue library. */
export interface Connected {
  readonly bullmq: BullMQ
  readonly connection: Connection
  /** The address of the Redis server, as `host:port` without the password. */
  readonly place: string
  readonly connect: () => Client
}

const ANSWER_WITHIN_MS = 5_000
const USUAL_PORT = 6379
const FROM_ENVIRONMENT = 'env:'
const EXAMPLE = 'redis://127.0.0.1:6379'

/**
 * Loads the queue packages, and verifies that Redis answers.
 *
 * @param given an address, or `env:NAME` for the environment variable that contains it.
 * @throws UserError (usage) for an invalid address, (environment) if the packages are not installed, or Redis does not
 * answer.
 */
export async function connectQueue(given: string): Promise<Connected> {
  const { url, place } = addressOf(given)
  const { bullmq, Redis } = await loadPackages()
  const client = new Redis(url, {
    lazyConnect: true,
    connectTimeout: ANSWER_WITHIN_MS,
    retryStrategy: () => null,
    maxRetriesPerRequest: 0,
  })
  // This error needs no handling, because `connect` or `ping` rejects with it too.
  client.on('error', () => {})
  try {
    await client.connect()
    await client.ping()
  } catch (error) {
    const why = errorText(error)
    throw environmentError(`--queue: the Redis at ${place} does not answer: ${why}`)
  } finally {
    client.disconnect()
  }
  return {
    bullmq,
    connection: { url, maxRetriesPerRequest: null },
    place,
    connect() {
      const another = new Redis(url, { maxRetriesPerRequest: null })
      // The connection is restored automatically.
      another.on('error', () => {})
      return another
    },
  }
}

function addressOf(given: string): { readonly url: string; readonly place: string } {
  const name = given.startsWith(FROM_ENVIRONMENT) ? given.slice(FROM_ENVIRONMENT.length) : undefined
  const url = name === undefined ? given : process.env[name]
  if (url === undefined || url === '')
    throw usageError(`--queue ${given}: the environment variable ${name} is not set. Set it: export ${name}=${EXAMPLE}`)
  const parsed = URL.canParse(url) ? new URL(url) : undefined
  if (parsed === undefined || !['redis:', 'rediss:'].includes(parsed.protocol) || parsed.hostname === '')
    throw usageError(`--queue: give the address of a Redis or Valkey, such as ${EXAMPLE}.`)
  if (name === undefined && parsed.password !== '')
    throw usageError(
      '--queue: everybody on this machine can read a password on the command line. Keep the address in an environment variable, and name the variable: --queue env:CHAOS_QUEUE',
    )
  return { url, place: `${parsed.hostname}:${parsed.port === '' ? USUAL_PORT : parsed.port}` }
}
