import http from 'node:http'
import { types } from 'node:util'

const { setPrototypeOf } = Object
const { defineProperty, deleteProperty } = Reflect

/**
 * After a change of an object's prototype, V8 before Node 24 creates a hidden class for each added member. No other
 * object shares these classes.
 */
const makesClasses = Number.parseInt(process.versions.node, 10) < 24

/**
 * Replaces `Object.setPrototypeOf` for HTTP messages. Express calls it for each message and then adds a dozen members.
 * Each member could cost a hidden class.
 */
export function setPrototypeOfMessages(object: object, prototype: object | null): object {
  const done = setPrototypeOf(object, prototype) as object
  if (makesClasses && isMessage(object)) shareClass(object)
  return done
}

/**
 * Whether the object is an HTTP message. A JavaScript `Proxy` does not count, because its handler would observe the
 * changes that `shareClass` makes.
 */
const isMessage = (object: object): boolean =>
  !types.isProxy(object) && (object instanceof http.IncomingMessage || object instanceof http.OutgoingMessage)

export function signalOf({ signal }: AbortController): AbortSignal {
  if (makesClasses) shareClass(signal)
  return signal
}

/**
 * Moves the object to a hidden class that others share. Deleting a member makes V8 turn the object into a dictionary,
 * and all dictionaries with the same prototype share a class.
 */
function shareClass(object: object): void {
  if (defineProperty(object, LOST, LOSABLE)) deleteProperty(object, LOST)
}

const LOST = Symbol('lost')
const LOSABLE = { value: undefined, configurable: true }
