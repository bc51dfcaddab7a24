import { connect } from 'node:net'
import type { Address } from '@chaosproxy/proxy'
import { type CommandNode, type RoleWatch, watchRoles } from '@chaosproxy/targets/database'

/** Watches the leader, by the command `srvr`. A server without a quorum only replies that it does not serve. */
export function watchZookeeperRoles(nodes: readonly CommandNode<string>[]): RoleWatch {
  return watchRoles({
    nodes,
    role: { by: 'http', path: 'srvr', leads: '^Mode: leader', term: 'in epoch (\\d+)', applied: 'applied (\\d+)' },
    async ask({ addresses: { client: address } }) {
      const answer = address === undefined ? undefined : await answerTo('srvr', address)
      return answer === undefined ? undefined : withZxid(answer)
    },
  })
}

const COUNTER_BITS = 32n
const COUNTER = (1n << COUNTER_BITS) - 1n

/** Adds the parts of the zxid to a reply: a leader's epoch, and a counter of that leader's changes. */
function withZxid(answer: string): string {
  const zxid = BigInt(/^Zxid: (0x[0-9a-f]+)$/m.exec(answer)?.[1] ?? 0)
  const epoch = zxid >> COUNTER_BITS
  // A server in a later epoch counts as ahead of every server in an earlier one.
  return `${answer}\nin epoch ${epoch}, applied ${epoch * CHANGES + (zxid & COUNTER)}`
}

/** A number that is greater than the number of changes in any epoch of a run. */
const CHANGES = 1_000_000_000n
const LONGEST_MS = 1_000
const MOST_CHARACTERS = 64 * 1024

/** Returns the reply to a four-letter command; undefined if there is none within 1 s. */
function answerTo(command: string, { host, port }: Address): Promise<string | undefined> {
  return new Promise((resolve) => {
    let answer = ''
    const socket = connect({ host, port }, () => socket.write(command))
    socket.setTimeout(LONGEST_MS, () => socket.destroy())
    socket.setEncoding('utf8').on('data', (text: string) => {
      if (answer.length < MOST_CHARACTERS) answer += text
    })
    socket.once('error', () => {})
    socket.once('close', () => resolve(answer === '' ? undefined : answer))
  })
}
