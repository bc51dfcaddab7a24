/** The extensions that CREATE EXTENSION takes, each with the functions that it would add. */
const EXTENSIONS: { readonly [extension: string]: readonly string[] } = {
  plpgsql: [],
  pgcrypto: [
    ...['armor', 'crypt', 'dearmor', 'decrypt', 'decrypt_iv', 'digest', 'encrypt', 'encrypt_iv', 'gen_random_bytes'],
    ...['gen_salt', 'hmac', 'pgp_key_id', 'pgp_pub_decrypt', 'pgp_pub_encrypt', 'pgp_sym_decrypt', 'pgp_sym_encrypt'],
  ],
  'uuid-ossp': [
    ...['uuid_generate_v1', 'uuid_generate_v1mc', 'uuid_generate_v3', 'uuid_generate_v5', 'uuid_nil'],
    ...['uuid_ns_dns', 'uuid_ns_oid', 'uuid_ns_url', 'uuid_ns_x500'],
  ],
}

/** Functions of extensions that are others by another name. */
const SAME: ReadonlyMap<string, string> = new Map([['uuid_generate_v4', 'gen_random_uuid']])

export const isExtension = (name: string): boolean => Object.hasOwn(EXTENSIONS, name)

/** The function that computes what a function of this name does. */
export const ownName = (name: string): string => SAME.get(name) ?? name

/** The extension that has such a function, which is not simulated. */
export const extensionOf = (name: string): string | undefined =>
  Object.keys(EXTENSIONS).find((extension) => EXTENSIONS[extension]?.includes(name))
