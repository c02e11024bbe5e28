/** Version of this package, as in package.json: what other relays see of this one. */
export const PACKAGE_VERSION = '0.1.0';
