import { connect } from 'node:net'
import { nodeNames } from '@chaosproxy/faults'
import type { Target } from '@chaosproxy/runner'
import * as v from 'valibot'
import type { Finding } from './findings.ts'

const PATIENCE_MS = 2_000
const ADDRESS = /^\[?(?<host>[^\]]+?)\]?:(?<port>\d+)$/

const withAddresses = v.object({
  nodes: v.array(v.object({ addresses: v.record(v.string(), v.string()) })),
})

/** Connects to every address of a cluster that runs already. */
export async function addressFindings(declared: Target['declared']): Promise<Finding[]> {
  const cluster = v.safeParse(withAddresses, declared)
  if (!cluster.success) return []
  const { nodes } = cluster.output
  const names = nodeNames(nodes.length)
  const asked = nodes.flatMap(({ addresses }, i) =>
    Object.entries(addresses).map(async ([port, address]): Promise<Finding> => {
      const why = await whyUnreached(address)
      const what = port === 'client' ? (names[i] ?? '') : `${names[i]} ${port}`
      const detail = why === undefined ? `${address} answers` : `${address} does not answer: ${why}`
      return { what, ok: why === undefined, detail, remedy: 'Start the server, or correct its address.' }
    }),
  )
  return Promise.all(asked)
}

/** Undefined if something accepts connections there. */
function whyUnreached(address: string): Promise<string | undefined> {
  const { host, port } = ADDRESS.exec(address)?.groups ?? {}
  if (host === undefined || port === undefined) return Promise.resolve('no host:port')
  return new Promise((resolve) => {
    const socket = connect({ host, port: Number(port) })
    const end = (why: string | undefined): void => {
      socket.destroy()
      resolve(why)
    }
    socket.setTimeout(PATIENCE_MS, () => end(`no connection in ${PATIENCE_MS / 1000} s`))
    socket.on('connect', () => end(undefined))
    socket.on('error', (error: NodeJS.ErrnoException) => end(error.code ?? error.message))
  })
}
