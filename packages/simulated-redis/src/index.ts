export { UnknownCommand } from './failures.ts'
export {
  type Connection,
  type ConnectionListener,
  createServer,
  type Server,
  type ServerOptions,
} from './server/server.ts'
