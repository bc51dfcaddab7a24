/** A message of the NATS client protocol: https://docs.nats.io/reference/reference-protocols/nats-protocol */
export interface NatsMessage {
  readonly subject: string
  /**
   * The subscription on which the message arrived. Each request has a subscription of its own, so it identifies the
   * answered request.
   */
  readonly subscription: string
  /** The subject for an acknowledgement or a reply, if any. */
  readonly reply: string | undefined
  /** The status in the header, such as 404; undefined for data. */
  readonly status: number | undefined
  readonly description: string
  readonly headers: ReadonlyMap<string, string>
  readonly payload: Buffer
}

export interface Publication {
  readonly subject: string
  readonly payload?: string | undefined
  readonly headers?: { readonly [name: string]: string } | undefined
}

const CRLF = '\r\n'
const HEADERS = 'NATS/1.0'

/** Returns a client's message: `PUB`, or `HPUB` with headers. @param reply the subject for the reply. */
export function publish({ subject, payload = '', headers }: Publication, reply: string): Buffer {
  const size = Buffer.byteLength(payload)
  if (headers === undefined) return Buffer.from(`PUB ${subject} ${reply} ${size}${CRLF}${payload}${CRLF}`)
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}${CRLF}`)
  const head = `${HEADERS}${CRLF}${lines.join('')}${CRLF}`
  const ofHead = Buffer.byteLength(head)
  return Buffer.from(`HPUB ${subject} ${reply} ${ofHead} ${ofHead + size}${CRLF}${head}${payload}${CRLF}`)
}

/** A line of the server, with its content. */
export interface Piece {
  readonly size: number
  readonly isPing: boolean
  readonly found: NatsMessage | undefined
}

/**
 * Returns the first piece of the server's bytes; undefined until the piece has arrived. If its line is an error or of
 * an unknown kind, returns the line.
 */
export function firstPiece(buffered: Buffer): Piece | string | undefined {
  const end = buffered.indexOf(CRLF)
  if (end === -1) return undefined
  const line = buffered.toString('latin1', 0, end)
  const start = end + CRLF.length
  const [word = '', ...rest] = line.trim().split(/[ \t]+/)
  const kind = word.toUpperCase()
  if (['PING', 'INFO', 'PONG', '+OK'].includes(kind)) return { size: start, isPing: kind === 'PING', found: undefined }
  if (kind !== 'MSG' && kind !== 'HMSG') return line.slice(0, 80)
  // The line of a message with headers has two sizes: of the headers, and of the whole. The line of a message without
  // headers has only the second.
  const isPlain = kind === 'MSG'
  const [ofHead = Number.NaN, size = Number.NaN] = isPlain ? [0, Number(rest.at(-1))] : rest.slice(-2).map(Number)
  if (!(ofHead >= 0 && size >= ofHead)) return line
  if (buffered.length < start + size + CRLF.length) return undefined
  const body = Buffer.from(buffered.subarray(start, start + size))
  const names = rest.slice(0, isPlain ? -1 : -2)
  const found = messageOf(names, body.toString('utf8', 0, ofHead), body.subarray(ofHead))
  return { size: start + size + CRLF.length, isPing: false, found }
}

/** `names` are the subject, the subscription, and the subject for replies, if any. */
function messageOf(
  [subject = '', subscription = '', reply]: readonly string[],
  head: string,
  payload: Buffer,
): NatsMessage {
  const [first = '', ...lines] = head.split(CRLF)
  const status = /^NATS\/\d\.\d\s+(\d{3})\s*(.*)$/.exec(first)
  const headers = new Map<string, string>()
  for (const line of lines) {
    const colon = line.indexOf(':')
    if (colon > 0) headers.set(line.slice(0, colon), line.slice(colon + 1).trim())
  }
  return {
    ...{ subject, subscription, reply, headers, payload },
    status: status === null ? undefined : Number(status[1]),
    description: status?.[2] ?? '',
  }
}
