import { readDescribeConfigs } from './describe-configs.ts';
import type { FakeApi } from './faults.ts';
import { readInitProducerId } from './init-producer-id.ts';
import { readMetadata } from './metadata.ts';
import { readProduce } from './produce.ts';
import { readSaslAuthenticate, readSaslHandshake } from './sasl.ts';
import type { RequestReader } from './served-request.ts';

interface Api {
  readonly key: number;
  readonly min: number;
  readonly max: number;
  /** The first version with compact lengths and tagged fields. */
  readonly flexibleFrom: number;
}

export interface ServedApi extends Api {
  readonly name: FakeApi;
  readonly read: RequestReader;
}

/** Listed and not served: without Fetch, librdkafka falls back to a message format of old. */
const LISTED: readonly Api[] = [
  { key: 1, min: 4, max: 11, flexibleFrom: 12 },
  { key: 2, min: 1, max: 5, flexibleFrom: 6 },
  { key: 10, min: 0, max: 2, flexibleFrom: 3 },
];

const readApiVersions: RequestReader = (_reader, version) => ({
  targets: [],
  run:
    ({ effect }) =>
    (writer) => {
      writer.int16(effect?.errorCode ?? 0);
      writer.array([...SERVED, ...LISTED], ({ key, min, max }) => {
        writer.int16(key).int16(min).int16(max).tags();
      });
      if (version >= 1) writer.int32(effect?.throttleMs ?? 0);
      writer.tags();
    },
});

const SERVED: readonly ServedApi[] = [
  { name: 'Produce', key: 0, min: 3, max: 11, flexibleFrom: 9, read: readProduce },
  { name: 'Metadata', key: 3, min: 4, max: 12, flexibleFrom: 9, read: readMetadata },
  { name: 'SaslHandshake', key: 17, min: 1, max: 1, flexibleFrom: 2, read: readSaslHandshake },
  { name: 'ApiVersions', key: 18, min: 0, max: 3, flexibleFrom: 3, read: readApiVersions },
  { name: 'InitProducerId', key: 22, min: 0, max: 4, flexibleFrom: 2, read: readInitProducerId },
  { name: 'DescribeConfigs', key: 32, min: 0, max: 4, flexibleFrom: 4, read: readDescribeConfigs },
  { name: 'SaslAuthenticate', key: 36, min: 0, max: 2, flexibleFrom: 2, read: readSaslAuthenticate },
];

const BY_KEY = new Map(SERVED.map((api) => [api.key, api]));

/** undefined for an API or version that is not served. */
export const servedApi = (key: number, version: number): ServedApi | undefined => {
  const api = BY_KEY.get(key);
  return api !== undefined && version >= api.min && version <= api.max ? api : undefined;
};

export const API_VERSIONS_KEY = 18;
