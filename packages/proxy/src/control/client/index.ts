// The client of the control interface, for programs that need no other code of the proxy. It must not load the proxy.

export { isLoopback } from '../state/address.ts'
export type { ControlClient } from './control-client.ts'
export { createControlClient, parseAnswer, refusal } from './control-client.ts'
