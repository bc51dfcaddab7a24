import type { FaultDraft } from './actions.ts'
import type { Answer, Had, Order, ServerMessage } from './frames.ts'

/** The WebSocket to the server, reopened whenever it is lost. */
export interface Connection {
  /** Resolves with the reason if the order was not carried out, and with undefined otherwise. */
  order(order: DraftedOrder): Promise<string | undefined>
}

export type DraftedOrder =
  | { readonly type: 'inject'; readonly fault: FaultDraft }
  | { readonly type: 'heal'; readonly id: string }
  | { readonly type: 'stop' }
  | { readonly type: 'again' }

interface Listening {
  readonly onMessage: (told: ServerMessage) => void
  readonly lost: () => void
  /** Returns the data that the page already has. Called for each new connection. */
  readonly had: () => Had
}

const FIRST_WAIT_MS = 1_000
const LONGEST_WAIT_MS = 8_000

export function connect({ onMessage, lost, had }: Listening): Connection {
  const waiting = new Map<number, (error: string | undefined) => void>()
  let socket: WebSocket | undefined
  let orders = 0
  let wait = FIRST_WAIT_MS

  function answered({ order, error }: Answer): void {
    waiting.get(order)?.(error)
    waiting.delete(order)
  }

  function open(): void {
    const address = new URL(location.href)
    address.protocol = address.protocol === 'https:' ? 'wss:' : 'ws:'
    address.pathname = '/stream'
    address.hash = ''
    const current = new WebSocket(address)
    socket = current
    current.addEventListener('open', () => {
      wait = FIRST_WAIT_MS
      send({ type: 'resume', had: had() })
    })
    current.addEventListener('message', ({ data }) => {
      const message: ServerMessage = JSON.parse(String(data))
      if (message.type === 'answer') answered(message)
      onMessage(message)
    })
    current.addEventListener('close', () => {
      lost()
      for (const answer of waiting.values()) answer('The connection was lost.')
      waiting.clear()
      setTimeout(open, wait)
      wait = Math.min(2 * wait, LONGEST_WAIT_MS)
    })
  }

  const send = (order: Order): void => socket?.send(JSON.stringify(order))

  open()
  return {
    order: (drafted) =>
      new Promise((resolve) => {
        if (socket?.readyState !== WebSocket.OPEN) return resolve('There is no connection.')
        const order = ++orders
        waiting.set(order, resolve)
        send({ ...drafted, order })
      }),
  }
}
