import type { Random } from '@chaosproxy/faults'
import { badRequests, badResponses, goodRequests, goodResponses } from './corpus.ts'
import { bytesOf, readRequests, readResponses } from './feed.ts'
import { type NodeView, nodeReadsRequests, nodeReadsResponse } from './node-view.ts'

interface Ours {
  readonly messages: readonly { readonly subject: string; readonly body: string; readonly complete: boolean }[]
  readonly malformed: boolean
}

const requestsOf = (bytes: Buffer): Ours => {
  const { messages, malformed } = readRequests([bytes])
  return {
    malformed,
    messages: messages.map(({ head, body, complete }) => ({
      subject: `${head.method} ${head.target}`,
      body,
      complete,
    })),
  }
}

const responsesOf = (bytes: Buffer, methods: readonly string[]): Ours => {
  const { messages, malformed } = readResponses([bytes], methods)
  return {
    malformed,
    messages: messages.map(({ head, body, complete }) => ({ subject: String(head.status), body, complete })),
  }
}

/** Returns the first message that both parsers accepted as complete but read differently. */
function difference(ours: Ours, node: NodeView): string | undefined {
  for (const [i, theirs] of node.messages.entries()) {
    const mine = ours.messages[i]
    if (mine === undefined || !mine.complete) return undefined
    if (mine.subject !== theirs.subject || mine.body !== theirs.body)
      return `message ${i}: ${JSON.stringify(mine)}, and by node:http ${JSON.stringify(theirs)}`
  }
  return undefined
}

const INSERTED = [
  '\r',
  '\n',
  '\r\n',
  ' ',
  '\t',
  ':',
  ';',
  ',',
  '0',
  '5',
  'f',
  '\0',
  '\v',
  'é',
  'Content-Length: 3\r\n',
  'Transfer-Encoding: chunked\r\n',
  'Connection: close\r\n',
]

/** Returns the stream with a few insertions, deletions and replacements. */
function mutated(text: string, random: Random): string {
  let changed = text
  for (let changes = 1 + random.integer(3); changes > 0; changes--) {
    const at = random.integer(changed.length + 1)
    const removed = random.pick([0, 0, 1, 2])
    changed = changed.slice(0, at) + (random.chance(0.8) ? random.pick(INSERTED) : '') + changed.slice(at + removed)
  }
  return changed
}

/**
 * Returns the streams on whose framing node:http and our parser disagree, among the streams of the corpus and this many
 * mutations of them.
 */
export async function disagreements(
  mutations: number,
  random: Random,
): Promise<{ readonly found: string[]; readonly bothAccepted: number }> {
  const found: string[] = []
  let bothAccepted = 0
  const requests = Object.values({ ...goodRequests, ...badRequests }).filter((text) => text.length < 3000)
  const responses = Object.values({ ...goodResponses, ...badResponses })
  const compare = (text: string, ours: Ours, node: NodeView) => {
    if (node.messages.length > 0 && ours.messages[0]?.complete === true) bothAccepted++
    const different = difference(ours, node)
    if (different !== undefined) found.push(`${JSON.stringify(text)}: ${different}`)
  }
  const compareRequests = async (text: string) =>
    compare(text, requestsOf(bytesOf(text)), await nodeReadsRequests(bytesOf(text)))
  const compareResponses = async (text: string, methods: readonly string[]) => {
    const ours = responsesOf(bytesOf(text), methods)
    compare(text, { ...ours, messages: ours.messages.slice(0, 1) }, await nodeReadsResponse(bytesOf(text), methods))
  }
  await Promise.all(requests.map(compareRequests))
  await Promise.all(responses.map(({ text, methods }) => compareResponses(text, methods)))
  for (let i = 0; i < mutations; i += 100) {
    await Promise.all(
      Array.from({ length: 100 }, () => {
        if (random.chance(0.7)) return compareRequests(mutated(random.pick(requests), random))
        const { text, methods } = random.pick(responses)
        return compareResponses(mutated(text, random), methods)
      }),
    )
  }
  return { found, bothAccepted }
}
