import http from 'node:http'
import { types } from 'node:util'

const { setPrototypeOf } = Object
const { defineProperty, deleteProperty } = Reflect

/**
 * Before Node 24, V8 creates a hidden class for each member that an object gets after its prototype was replaced. No
 * other object has this class, so every access meets a new class.
 */
const makesClasses = Number.parseInt(process.versions.node, 10) < 24

/**
 * Replaces `Object.setPrototypeOf` for HTTP messages. Express calls the function for each request and each response,
 * and then adds a dozen members to the message.
 */
export function setPrototypeOfMessages(object: object, prototype: object | null): object {
  const done = setPrototypeOf(object, prototype) as object
  if (makesClasses && isMessage(object)) shareClass(object)
  return done
}

/** Returns whether the object is an HTTP message. A proxy is excluded, since it would observe the change. */
const isMessage = (object: object): boolean =>
  !types.isProxy(object) && (object instanceof http.IncomingMessage || object instanceof http.OutgoingMessage)

/** Returns the signal of an `AbortController`, whose prototype Node replaces. */
export function signalOf({ signal }: AbortController): AbortSignal {
  if (makesClasses) shareClass(signal)
  return signal
}

/**
 * Makes the object share a hidden class with other objects. V8 turns an object into a dictionary when a member is
 * deleted, and all dictionaries with the same prototype share one class.
 */
function shareClass(object: object): void {
  if (defineProperty(object, LOST, LOSABLE)) deleteProperty(object, LOST)
}

const LOST = Symbol('lost')
const LOSABLE = { value: undefined, configurable: true }
