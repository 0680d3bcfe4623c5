from lapwing.epics.fields import MOTOR_RECORD, SIM_FIELDS, MotorFields


def test_the_motor_record_s_names_are_the_default():
    pvs = MOTOR_RECORD.pvs("IOC:m1")
    assert pvs["setpoint"] == "IOC:m1.VAL"
    assert pvs["readback"] == "IOC:m1.RBV"
    assert pvs["done"] == "IOC:m1.DMOV"
    assert pvs["high_limit"] == "IOC:m1.HLM"


def test_the_simulated_motors_have_colons_and_lack_two_fields():
    pvs = SIM_FIELDS.pvs("SIM:X")
    assert pvs["setpoint"] == "SIM:X"
    assert pvs["violation"] == "SIM:X:LVIO"
    assert pvs["missed"] == "SIM:X:MISS"
    assert not {"settle", "mode"} & set(pvs)


def test_other_names_can_be_given():
    assert MotorFields(readback="_rb", done=None).pvs("a")["readback"] == "a_rb"
