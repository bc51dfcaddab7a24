import { defineMachine, type ProtocolModule } from 'chaosproxy'

/** A node that replies to every request with the value in the request. */
interface Parrot {
  readonly state: { readonly id: string }
  readonly message: never
  readonly record: never
  readonly timer: never
}

const create = defineMachine<Parrot>({
  initial: ({ id }) => ({ id }),
  request: (turn, { requestId, input }) => turn.reply(requestId, { type: 'ok', value: input.value }),
  messages: {},
  timers: {},
  redo: () => undefined,
  status: () => ({ role: 'parrot', leads: false, ready: true }),
})

export default { name: 'parrot', promises: 'eventual', create } satisfies ProtocolModule
