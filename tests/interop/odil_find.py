"""Asks a worklist with odil, under the system's own Python, which alone has it: ``odil_find.py HOST PORT AET QUERIES``.

``QUERIES`` is a JSON list of DICOM JSON data sets; their answers are printed as a JSON list of lists.
"""

import json
import sys

import odil  # type: ignore[import-not-found]  # Debian's, of the system's Python


def main(host: str, port: str, title: str, queries: str) -> None:
    """Print the answers to each query."""
    association = odil.Association()
    association.set_peer_host(host)
    association.set_peer_port(int(port))
    model = odil.registry.ModalityWorklistInformationModelFind
    context = odil.AssociationParameters.PresentationContext(
        model, [odil.registry.ExplicitVRLittleEndian, odil.registry.ImplicitVRLittleEndian],
        odil.AssociationParameters.PresentationContext.Role.SCU,
    )  # fmt: skip
    association.update_parameters().set_calling_ae_title(title).set_called_ae_title(
        "FILMLESS"
    ).set_presentation_contexts([context])
    association.associate()
    scu = odil.FindSCU(association)
    scu.set_affected_sop_class(model)
    answers = [
        [json.loads(odil.as_json(found)) for found in scu.find(odil.from_json(json.dumps(query)))]
        for query in json.loads(queries)
    ]
    association.release()
    json.dump(answers, sys.stdout)


if __name__ == "__main__":
    main(*sys.argv[1:])
