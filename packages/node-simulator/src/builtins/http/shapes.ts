import http from 'node:http'
import { types } from 'node:util'

const { setPrototypeOf } = Object
const { defineProperty, deleteProperty } = Reflect

/**
 * Until Node 24, V8 makes a hidden class for each member that an object gets after its prototype was replaced. The
 * class belongs to that object alone, so every access meets a new class.
 */
const makesClasses = Number.parseInt(process.versions.node, 10) < 24

/**
 * `Object.setPrototypeOf` for messages: Express passes each request and its response to it before it adds a dozen
 * members.
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
 * Makes the object share a hidden class: V8 turns an object that loses a member into a dictionary, and dictionaries of
 * one prototype share one class.
 */
function shareClass(object: object): void {
  if (defineProperty(object, LOST, LOSABLE)) deleteProperty(object, LOST)
}

const LOST = Symbol('lost')
const LOSABLE = { value: undefined, configurable: true }
