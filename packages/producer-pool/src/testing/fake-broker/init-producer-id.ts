import type { RequestReader } from './served-request.ts';

/** A new producer id for everybody, as a broker does without a transactional id. */
export const readInitProducerId: RequestReader = (reader, version) => {
  reader.nullableString();
  reader.int32();
  if (version >= 3) reader.bytes(8 + 2);
  reader.tags();
  return {
    targets: [],
    run: ({ topology, effect }) => {
      const errorCode = effect?.errorCode ?? 0;
      const producerId = errorCode === 0 ? topology.nextProducerId() : -1n;
      return (writer) => {
        writer.int32(effect?.throttleMs ?? 0).int16(errorCode);
        writer.int64(producerId).int16(errorCode === 0 ? 0 : -1);
        writer.tags();
      };
    },
  };
};
