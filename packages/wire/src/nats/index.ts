export { firstPiece, type NatsMessage, type Publication, publish } from './messages.ts'
