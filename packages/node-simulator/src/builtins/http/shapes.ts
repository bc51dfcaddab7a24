import http from 'node:http'
import { types } from 'node:util'

const { setPrototypeOf } = Object
const { defineProperty, deleteProperty } = Reflect

/**
 * Before Node 24, V8 creates a hidden class for each member that is added after a change of prototype. No other object
 * shares that class.
 */
const makesClasses = Number.parseInt(process.versions.node, 10) < 24

/**
 * Replaces `Object.setPrototypeOf` for HTTP messages, because Express calls it for each message and then adds a dozen
 * members.
 */
export function setPrototypeOfMessages(object: object, prototype: object | null): object {
  const done = setPrototypeOf(object, prototype) as object
  if (makesClasses && isMessage(object)) shareClass(object)
  return done
}

/** Whether the object is an HTTP message. A proxy would observe the change. */
const isMessage = (object: object): boolean =>
  !types.isProxy(object) && (object instanceof http.IncomingMessage || object instanceof http.OutgoingMessage)

export function signalOf({ signal }: AbortController): AbortSignal {
  if (makesClasses) shareClass(signal)
  return signal
}

/**
 * Makes the object share a hidden class. V8 turns an object into a dictionary when a member is deleted, and
 * dictionaries of one prototype share a class.
 */
function shareClass(object: object): void {
  if (defineProperty(object, LOST, LOSABLE)) deleteProperty(object, LOST)
}

const LOST = Symbol('lost')
const LOSABLE = { value: undefined, configurable: true }
