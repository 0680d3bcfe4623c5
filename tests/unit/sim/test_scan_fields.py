from lapwing.sim.scan_fields import info_fields, sscan_fields


def test_no_field_comes_twice_and_a_message_has_its_place():
    for fields in (list(sscan_fields()), list(info_fields())):
        names = [field.name for field in fields]
        assert len(set(names)) == len(names)
    kinds = {field.name: field.kind for field in sscan_fields()}
    assert kinds["SMSG"] == kinds["P4PV"] == kinds["D70PV"] == "text"
    assert kinds["R1CV"] == "real"
    assert kinds["P1PA"] == "reals"
    # The sscan record keeps detectors' arrays in single precision.
    assert kinds["D01DA"] == kinds["D70CA"] == "floats"
