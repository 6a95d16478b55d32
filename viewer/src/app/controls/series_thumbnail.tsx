/** The small picture of a series, rendered by the server; a symbol where there is none. */
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';

import { type ManifestSeries, seriesThumbnail } from '../api';
import { Icon } from '../icons';

const SIDE = 128;

interface ThumbnailProps {
  readonly studyInstanceUid: string;
  readonly series: ManifestSeries;
}

export function SeriesThumbnail({ studyInstanceUid, series }: ThumbnailProps): JSX.Element {
  const [failed, setFailed] = useState(false);
  const picture = series.representative?.sop_instance_uid ?? '';
  useEffect(() => setFailed(false), [picture]);
  if (picture === '' || failed) {
    return <span class="thumbnail"><Icon name={picture === '' ? 'document' : 'image_stack'} /></span>;
  }
  return (
    <span class="thumbnail">
      <img
        src={seriesThumbnail(studyInstanceUid, series.series_instance_uid, SIDE)} alt="" loading="lazy" decoding="async"
        draggable={false} onError={() => setFailed(true)}
      />
    </span>
  );
}
