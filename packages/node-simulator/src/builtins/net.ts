import net from 'node:net'
import { SimulatedSocket } from '../world/socket.ts'

const connect = (...args: unknown[]): net.Socket => {
  const [first] = args
  const options = typeof first === 'object' && first !== null ? (first as net.SocketConstructorOpts) : {}
  return new SimulatedSocket(options).connect(...args)
}

/** `node:net` over the simulated network. */
export const netModule = (): object => ({
  ...net,
  Socket: SimulatedSocket,
  Stream: SimulatedSocket,
  connect,
  createConnection: connect,
})
